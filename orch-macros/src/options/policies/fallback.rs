//! `fallback = stale(max_age = "1h")`

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;

use super::Ttl;
use crate::diagnostics::{self, Errors};
use crate::options::{Form, Given, Spanned, duration};

/// The `fallback` option: the last good value of the cache, if it is no older than this.
#[derive(Clone)]
pub(crate) struct Fallback {
    max_age: Spanned<Duration>,
}

impl Fallback {
    const FORM: &str = "fallback = stale(max_age = \"1h\")";

    pub(super) fn read(given: &Given, errors: &mut Errors) -> Option<Self> {
        let Form::Value(tokens) = &given.form else {
            errors.push(given.wants(Self::FORM));
            return None;
        };
        let Ok(what) = Given::parse(tokens.clone()) else {
            errors.at(tokens, format!("a fallback is written `{}`", Self::FORM));
            return None;
        };
        if what.name() != "stale" {
            errors.at(
                &what.key,
                diagnostics::unknown("fallback", &what.name(), &["stale"]),
            );
            return None;
        }
        let Form::List(_) = &what.form else {
            errors.at(&what.key, Self::without_age());
            return None;
        };
        let (list, clean) = errors.scope(|errors| what.list(&["max_age"], errors));
        if !clean {
            return None;
        }
        if let Some(lead) = &list.lead {
            errors.at(
                lead,
                format!("how old a value may be has a name: `{}`", Self::FORM),
            );
            return None;
        }
        let Some(max_age) = list.given.first() else {
            errors.at(&what.key, Self::without_age());
            return None;
        };
        let max_age = max_age.value("max_age = \"1h\"", |tokens| {
            duration::nonzero(
                tokens,
                "no value is of no age: say how old one may be, or remove `fallback`",
            )
        });
        let max_age = errors.accept(max_age)?;
        Some(Self { max_age })
    }

    fn without_age() -> String {
        format!(
            "a value of any age is as good as a wrong one: say how old it may be, `{}`",
            Self::FORM
        )
    }

    /// Reports a fallback that is never reached, as results are fresh for longer.
    pub(super) fn check(&self, ttl: Ttl, key: &syn::Ident, errors: &mut Errors) {
        match ttl {
            None => errors.at(
                key,
                "results that never expire are never stale: remove `fallback`, or say how long they are fresh",
            ),
            Some(ttl) if self.max_age.value <= ttl => errors.push(self.max_age.error(
                "results are fresh for as long as that, so that none is ever given that is stale: give a longer `max_age`",
            )),
            Some(_) => {}
        }
    }

    pub(super) fn tokens(&self) -> TokenStream {
        let max_age = duration::tokens(self.max_age.value);
        quote!(Fallback::Stale { max_age: #max_age })
    }
}
