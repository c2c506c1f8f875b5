//! `breaker = "api"`

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{option, set};
use crate::diagnostics::Errors;
use crate::options::{Given, duration, value};

/// The `breaker` option.
#[derive(Clone)]
pub(crate) struct Breaker {
    pub(crate) name: Option<String>,
    pub(crate) failure_threshold: u32,
    pub(crate) recovery_timeout: Duration,
    pub(crate) half_open_max_calls: u32,
}

impl Breaker {
    pub(super) fn read(given: &Given, errors: &mut Errors) -> Option<Self> {
        let allowed = [
            "name",
            "failure_threshold",
            "recovery_timeout",
            "half_open_max_calls",
        ];
        let (breaker, clean) = errors.scope(|errors| {
            let list = given.list(&allowed, errors);
            let mut breaker = Self {
                name: list
                    .lead
                    .and_then(|lead| errors.accept(value::label(&lead))),
                failure_threshold: 5,
                recovery_timeout: Duration::from_secs(60),
                half_open_max_calls: 1,
            };
            for option in &list.given {
                match option.name().as_str() {
                    "name" if breaker.name.is_some() => {
                        errors.at(&option.key, "the name is given twice: remove one of them");
                    }
                    "name" => {
                        let name = option.value("name = \"api\"", value::label);
                        breaker.name = errors.accept(name).map(|name| name.value);
                    }
                    "failure_threshold" => {
                        set(
                            &mut breaker.failure_threshold,
                            option.value("failure_threshold = 5", threshold),
                            errors,
                        );
                    }
                    "recovery_timeout" => {
                        set(
                            &mut breaker.recovery_timeout,
                            option.value("recovery_timeout = \"60s\"", recovery),
                            errors,
                        );
                    }
                    _ => {
                        set(
                            &mut breaker.half_open_max_calls,
                            option.value("half_open_max_calls = 1", probes),
                            errors,
                        );
                    }
                }
            }
            breaker
        });
        clean.then_some(breaker)
    }

    pub(super) fn tokens(&self) -> TokenStream {
        let (name, recovery) = (
            option(self.name.as_ref()),
            duration::tokens(self.recovery_timeout),
        );
        let threshold = Literal::u32_unsuffixed(self.failure_threshold);
        let calls = Literal::u32_unsuffixed(self.half_open_max_calls);
        quote!(BreakerPolicy {
            failure_threshold: #threshold,
            recovery_timeout: #recovery,
            half_open_max_calls: #calls,
            name: #name
        })
    }
}

fn threshold(tokens: &TokenStream) -> syn::Result<u32> {
    value::positive(
        tokens,
        "a breaker that opens after no failure lets nothing through: write at least 1",
    )
}

fn recovery(tokens: &TokenStream) -> syn::Result<Duration> {
    duration::nonzero(
        tokens,
        "a breaker that closes at once never opens: write how long it stays open",
    )
}

fn probes(tokens: &TokenStream) -> syn::Result<u32> {
    value::positive(
        tokens,
        "a breaker that lets no call probe never closes: write at least 1",
    )
}
