//! `cache_ttl = 600`, `cache(key = "rates:{day}", ttl = "10m", tags = ["rates"])`

use std::time::Duration;

use proc_macro2::TokenStream;

use super::set;
use crate::diagnostics::Errors;
use crate::options::template::Template;
use crate::options::{Given, Spanned, duration, value};

/// How long a cached result is fresh; `None` is forever.
pub(crate) type Ttl = Option<Duration>;

/// The `cache(…)` option.
#[derive(Clone, Default)]
pub(crate) struct Cache {
    pub(crate) key: Option<Template>,
    pub(crate) ttl: Option<Spanned<Ttl>>,
    pub(crate) tags: Vec<String>,
}

/// A lifetime: a duration, or `"never"` for one without an end.
pub(super) fn ttl(tokens: &TokenStream) -> syn::Result<Ttl> {
    match syn::parse2::<syn::LitStr>(tokens.clone()) {
        Ok(word) if word.value() == "never" => Ok(None),
        _ => duration::nonzero(
            tokens,
            "a cache that keeps nothing: leave it out, or write `\"never\"` for results that never expire",
        )
        .map(Some),
    }
}

impl Cache {
    pub(super) fn read(given: &Given, errors: &mut Errors) -> Option<Self> {
        let (cache, clean) = errors.scope(|errors| {
            let list = given.list(&["key", "ttl", "tags"], errors);
            if let Some(lead) = &list.lead {
                errors.at(
                    lead,
                    "`cache` takes a list: write `cache_ttl = \"10m\"`, or `cache(key = \"rates:{day}\", ttl = \"10m\")`",
                );
            }
            let mut cache = Self::default();
            for option in &list.given {
                match option.name().as_str() {
                    "key" => {
                        let template = |tokens: &TokenStream| Template::parse(value::string(tokens)?);
                        let key = option.value("key = \"rates:{day}\"", template);
                        cache.key = errors.accept(key).map(|key| key.value);
                    }
                    "ttl" => cache.ttl = errors.accept(option.value("ttl = \"10m\"", ttl)),
                    _ => {
                        let tags = option.value("tags = [\"rates\"]", value::labels);
                        set(&mut cache.tags, tags, errors);
                    }
                }
            }
            cache
        });
        clean.then_some(cache)
    }
}
