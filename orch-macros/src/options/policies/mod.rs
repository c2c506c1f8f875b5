//! The policies among the options: what `#[step(…)]` asks for and `#[node(…)]` overrides.

mod backoff;
mod breaker;
mod cache;
mod concurrency;
mod fallback;
mod rate_limit;
#[cfg(test)]
mod tests;

use std::time::Duration;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

pub(crate) use self::backoff::Backoff;
pub(crate) use self::breaker::Breaker;
pub(crate) use self::cache::{Cache, Ttl};
pub(crate) use self::concurrency::Concurrency;
pub(crate) use self::fallback::Fallback;
pub(crate) use self::rate_limit::RateLimit;
use super::{Form, Given, Spanned, duration, feature, value};
use crate::diagnostics::Errors;

/// The policies that were given.
#[derive(Default)]
pub(crate) struct PolicyOptions {
    pub(crate) retries: Option<Spanned<u32>>,
    pub(crate) backoff: Option<Spanned<Backoff>>,
    pub(crate) retry_if: Option<Spanned<syn::Path>>,
    pub(crate) timeout: Option<Spanned<Duration>>,
    pub(crate) deadline: Option<Spanned<Duration>>,
    pub(crate) cache_ttl: Option<Spanned<Ttl>>,
    pub(crate) cache: Option<Spanned<Cache>>,
    pub(crate) rate_limit: Option<Spanned<RateLimit>>,
    pub(crate) concurrency: Option<Spanned<Concurrency>>,
    pub(crate) breaker: Option<Spanned<Breaker>>,
    pub(crate) notify_human: Option<Spanned<bool>>,
    pub(crate) fallback: Option<Spanned<Fallback>>,
}

impl PolicyOptions {
    /// Every option that is a policy.
    pub(crate) const KEYS: [&'static str; 12] = [
        "retries",
        "backoff",
        "retry_if",
        "timeout",
        "deadline",
        "cache_ttl",
        "cache",
        "rate_limit",
        "concurrency",
        "breaker",
        "notify_human",
        "fallback",
    ];

    /// Takes an option if it is a policy, and says whether it is.
    pub(crate) fn take(&mut self, given: &Given, errors: &mut Errors) -> bool {
        match given.name().as_str() {
            "retries" => {
                self.retries = errors.accept(given.value("retries = 3", value::count));
            }
            "retry_if" => {
                self.retry_if = errors.accept(given.value("retry_if = is_transient", value::path));
            }
            "timeout" => self.timeout = errors.accept(given.value("timeout = \"10s\"", timeout)),
            "deadline" => self.deadline = errors.accept(given.value("deadline = \"1m\"", deadline)),
            "cache_ttl" => {
                self.cache_ttl = errors.accept(given.value("cache_ttl = \"10m\"", cache::ttl));
            }
            "backoff" => self.backoff = spanned(given, Backoff::read(given, errors)),
            "cache" => self.cache = spanned(given, Cache::read(given, errors)),
            "rate_limit" => self.rate_limit = spanned(given, RateLimit::read(given, errors)),
            "concurrency" => self.concurrency = spanned(given, Concurrency::read(given, errors)),
            "notify_human" => self.notify_human = errors.accept(given.switch()),
            "breaker" => self.breaker = spanned(given, Breaker::read(given, errors)),
            "fallback" => self.fallback = spanned(given, Fallback::read(given, errors)),
            _ => return false,
        }
        true
    }

    /// Reports what contradicts itself; `complete` says whether there is nothing these lie over,
    /// so that what is missing here is missing altogether.
    pub(crate) fn check(&self, complete: bool, errors: &mut Errors) {
        if complete && self.retries() == 0 {
            let why = "is for retries, and this step has none: add `retries = 3`, or remove it";
            if let Some(backoff) = &self.backoff {
                errors.at(&backoff.key, format!("a `backoff` {why}"));
            }
            if let Some(retry_if) = &self.retry_if {
                errors.at(&retry_if.key, format!("a `retry_if` {why}"));
            }
        }
        if let Some(fallback) = &self.fallback {
            match (self.cached(), complete) {
                (Some(_), _) => fallback.value.check(self.ttl(), &fallback.key, errors),
                (None, true) => errors.at(
                    &fallback.key,
                    "without a cache there is no last good value: add `cache_ttl = \"10m\"`, or remove `fallback`",
                ),
                (None, false) => {}
            }
        }
        if let (Some(timeout), Some(deadline)) = (&self.timeout, &self.deadline)
            && timeout.value > deadline.value
        {
            errors.push(timeout.error(
                "this timeout of one attempt is longer than the deadline of all attempts together: \
                 shorten it, or remove one of the two",
            ));
        }
        if let (
            Some(short),
            Some(Spanned {
                value: Cache { ttl: Some(_), .. },
                ..
            }),
        ) = (&self.cache_ttl, &self.cache)
        {
            errors.at(
                &short.key,
                "the lifetime is given twice: remove `cache_ttl`, or the `ttl` in `cache(…)`",
            );
        }
    }

    /// Whether a call may fail by them, whatever the function returns.
    pub(crate) fn may_fail(&self) -> bool {
        self.timeout.is_some()
            || self.deadline.is_some()
            || self.breaker.is_some()
            || self
                .rate_limit
                .as_ref()
                .is_some_and(|limit| limit.value.weight.is_some())
    }

    /// The first option of a node that may not suit its step.
    pub(crate) fn first_to_suit(&self) -> Option<&syn::Ident> {
        let retries = self.retries.as_ref().filter(|retries| retries.value > 0);
        retries
            .map(|retries| &retries.key)
            .or(self.cached())
            .or(self.fallback.as_ref().map(|fallback| &fallback.key))
            .or(self.timeout.as_ref().map(|timeout| &timeout.key))
            .or(self.deadline.as_ref().map(|deadline| &deadline.key))
    }

    /// The extra attempts.
    pub(crate) fn retries(&self) -> u32 {
        self.retries.as_ref().map_or(0, |retries| retries.value)
    }

    /// The option that asks for a cache, if one does.
    pub(crate) fn cached(&self) -> Option<&syn::Ident> {
        let cache = self.cache.as_ref().map(|cache| &cache.key);
        cache.or(self.cache_ttl.as_ref().map(|ttl| &ttl.key))
    }

    /// What says at an option that the library's feature is left out that it takes.
    pub(crate) fn features(&self) -> TokenStream {
        let limit = self.rate_limit.as_ref().map(|limit| &limit.key);
        let cache = self.cached().map(|key| feature("cache", key));
        let limit = limit.map(|key| feature("rate_limit", key));
        quote!(#cache #limit)
    }

    /// How long cached results are fresh, where there is a cache.
    fn ttl(&self) -> Ttl {
        let of_cache = self
            .cache
            .as_ref()
            .and_then(|cache| cache.value.ttl.as_ref());
        of_cache
            .or(self.cache_ttl.as_ref())
            .and_then(|ttl| ttl.value)
    }

    /// The policies as a constant expression; `None` when nothing is asked for.
    pub(crate) fn tokens(&self) -> Option<TokenStream> {
        let fields = [
            field("retries", &self.retries, |retries| {
                let retries = Literal::u32_unsuffixed(*retries);
                quote!(#retries)
            }),
            field("backoff", &self.backoff, Backoff::tokens),
            field("timeout", &self.timeout, |timeout| {
                duration::tokens(*timeout)
            }),
            field("deadline", &self.deadline, |deadline| {
                duration::tokens(*deadline)
            }),
            self.cache_tokens(),
            field("rate_limit", &self.rate_limit, RateLimit::tokens),
            field("concurrency", &self.concurrency, Concurrency::tokens),
            field("breaker", &self.breaker, Breaker::tokens),
            field("notify_human", &self.notify_human, |notify| quote!(#notify)),
            field("fallback", &self.fallback, Fallback::tokens),
        ];
        // Where every field is given, clippy finds the rest needless.
        let rest = fields
            .iter()
            .any(Option::is_none)
            .then(|| quote!(..Policies::NONE));
        let fields: Vec<TokenStream> = fields.into_iter().flatten().collect();
        (!fields.is_empty())
            .then(|| quote_spanned!(Span::mixed_site()=> Policies { #(#fields,)* #rest }))
    }

    fn cache_tokens(&self) -> Option<TokenStream> {
        self.cached()?;
        let cache = self
            .cache
            .as_ref()
            .map(|cache| cache.value.clone())
            .unwrap_or_default();
        let ttl = option(self.ttl().map(duration::tokens));
        let tags = &cache.tags;
        let policy = quote!(CachePolicy { ttl: #ttl, tags: &[#(#tags),*] });
        Some(quote!(cache: Some(#policy)))
    }
}

fn spanned<T>(given: &Given, value: Option<T>) -> Option<Spanned<T>> {
    let tokens = match &given.form {
        Form::Value(tokens) | Form::List(tokens) if !tokens.is_empty() => tokens.clone(),
        _ => quote::ToTokens::to_token_stream(&given.key),
    };
    value.map(|value| Spanned {
        key: given.key.clone(),
        value,
        tokens,
    })
}

/// Puts a value that was read in its place.
fn set<T>(place: &mut T, read: syn::Result<Spanned<T>>, errors: &mut Errors) {
    if let Some(read) = errors.accept(read) {
        *place = read.value;
    }
}

fn timeout(tokens: &TokenStream) -> syn::Result<Duration> {
    duration::nonzero(
        tokens,
        "a timeout of zero fails every attempt: leave it out for no bound",
    )
}

fn deadline(tokens: &TokenStream) -> syn::Result<Duration> {
    duration::nonzero(
        tokens,
        "a deadline of zero lets nothing start: leave it out for no bound",
    )
}

fn field<T>(
    name: &str,
    option: &Option<Spanned<T>>,
    tokens: impl Fn(&T) -> TokenStream,
) -> Option<TokenStream> {
    let value = tokens(&option.as_ref()?.value);
    let name = syn::Ident::new(name, Span::mixed_site());
    Some(quote_spanned!(Span::mixed_site()=> #name: Some(#value)))
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}
