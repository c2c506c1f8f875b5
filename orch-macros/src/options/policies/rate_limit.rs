//! `rate_limit = "50/s"`

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::option;
use crate::diagnostics::Errors;
use crate::options::rates::{self, Rate};
use crate::options::{Given, duration, value};

/// The `rate_limit` option.
#[derive(Clone)]
pub(crate) struct RateLimit {
    pub(crate) rate: Rate,
    pub(crate) burst: Option<u32>,
    pub(crate) name: Option<String>,
    pub(crate) key: Option<syn::Expr>,
    pub(crate) weight: Option<syn::Expr>,
}

impl RateLimit {
    const FORM: &str = "rate_limit = \"50/s\"` or `rate_limit(\"50/s\", burst = 10, name = \"api\", key = user, weight = tokens)";

    pub(super) fn read(given: &Given, errors: &mut Errors) -> Option<Self> {
        let (limit, clean) = errors.scope(|errors| {
            let list = given.list(&["burst", "name", "key", "weight"], errors);
            let rate = list.lead.as_ref().map(rates::rate);
            let rate = errors.accept(rate.unwrap_or_else(|| Err(given.wants(Self::FORM))));
            let (mut burst, mut name, mut key, mut weight) = (None, None, None, None);
            for option in &list.given {
                match option.name().as_str() {
                    "burst" => burst = errors.accept(option.value("burst = 10", burst_size)),
                    "name" => name = errors.accept(option.value("name = \"api\"", value::label)),
                    "key" => key = errors.accept(option.value("key = user", value::expression)),
                    _ => {
                        weight = errors.accept(option.value("weight = tokens", value::expression));
                    }
                }
            }
            Some(Self {
                rate: rate?,
                burst: burst.map(|burst| burst.value),
                name: name.map(|name| name.value),
                key: key.map(|key| key.value),
                weight: weight.map(|weight| weight.value),
            })
        });
        limit.filter(|_| clean)
    }

    pub(super) fn tokens(&self) -> TokenStream {
        // A weighted limit that lets one unit through at a time could never admit a heavy call.
        let default = if self.weight.is_some() {
            self.rate.permits
        } else {
            1
        };
        let permits = Literal::u32_unsuffixed(self.rate.permits);
        let burst = Literal::u32_unsuffixed(self.burst.unwrap_or(default));
        let (period, name) = (
            duration::tokens(self.rate.period),
            option(self.name.as_ref()),
        );
        quote!(RateLimit { permits: #permits, period: #period, burst: #burst, name: #name })
    }
}

fn burst_size(tokens: &TokenStream) -> syn::Result<u32> {
    value::positive(
        tokens,
        "a burst of zero lets nothing through: write at least 1, or leave it out",
    )
}
