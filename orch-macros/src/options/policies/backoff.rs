//! `backoff = "200ms..30s"`

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::set;
use crate::diagnostics::Errors;
use crate::options::{Form, Given, Spanned, duration, value};

/// The waits between attempts.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Backoff {
    pub(crate) initial: Duration,
    pub(crate) max: Duration,
    pub(crate) factor: f64,
    pub(crate) jitter: Jitter,
}

/// How much of a wait is left to chance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jitter {
    None,
    Full,
    Equal,
}

impl Backoff {
    const FORM: &str = "backoff = \"200ms..30s\"` or `backoff(initial = \"200ms\", max = \"30s\", factor = 2, jitter = \"equal\")";

    /// The defaults of the policy of the same name.
    const DEFAULT: Self = Self {
        initial: Duration::from_millis(200),
        max: Duration::from_secs(30),
        factor: 2.0,
        jitter: Jitter::Equal,
    };

    pub(super) fn read(given: &Given, errors: &mut Errors) -> Option<Self> {
        let (read, clean) = errors.scope(|errors| {
            if matches!(given.form, Form::Bare) {
                errors.push(given.wants(Self::FORM));
            }
            let list = given.list(&["initial", "max", "factor", "jitter"], errors);
            let range = list.lead.map(|tokens| (duration::range(&tokens), tokens));
            let range = range.and_then(|(range, tokens)| Some((errors.accept(range)?, tokens)));
            let (mut initial, mut max) = (None, None);
            let mut backoff = Self::DEFAULT;
            for option in &list.given {
                match option.name().as_str() {
                    "initial" => {
                        initial =
                            errors.accept(option.value("initial = \"200ms\"", duration::read));
                    }
                    "max" => max = errors.accept(option.value("max = \"30s\"", duration::read)),
                    "factor" => {
                        set(
                            &mut backoff.factor,
                            option.value("factor = 2", value::factor),
                            errors,
                        );
                    }
                    _ => {
                        set(
                            &mut backoff.jitter,
                            option.value("jitter = \"full\"", jitter),
                            errors,
                        );
                    }
                }
            }
            if let Some((range, tokens)) = range {
                for twice in initial.iter().chain(&max) {
                    errors.at(
                        &twice.key,
                        "the waits are given twice: remove this, or the range",
                    );
                }
                let key = given.key.clone();
                let spanned = |value| Spanned {
                    key: key.clone(),
                    value,
                    tokens: tokens.clone(),
                };
                (initial, max) = (Some(spanned(range.0)), Some(spanned(range.1)));
            }
            backoff.bounds(initial.as_ref(), max.as_ref(), errors);
            backoff
        });
        clean.then_some(read)
    }

    /// Takes the bounds; where only one is given, the other one's default gives way to it.
    fn bounds(
        &mut self,
        initial: Option<&Spanned<Duration>>,
        max: Option<&Spanned<Duration>>,
        errors: &mut Errors,
    ) {
        if let (Some(initial), Some(max)) = (initial, max)
            && initial.value > max.value
        {
            errors.push(initial.error("the first wait is longer than the longest: swap the two"));
        }
        let (first, longest) = (initial.map(|it| it.value), max.map(|it| it.value));
        self.initial = first.unwrap_or(self.initial.min(longest.unwrap_or(self.initial)));
        self.max = longest.unwrap_or(self.max.max(self.initial));
    }

    pub(super) fn tokens(&self) -> TokenStream {
        let (initial, max) = (duration::tokens(self.initial), duration::tokens(self.max));
        let factor = Literal::f64_unsuffixed(self.factor);
        let jitter = match self.jitter {
            Jitter::None => quote!(None),
            Jitter::Full => quote!(Full),
            Jitter::Equal => quote!(Equal),
        };
        quote!(Backoff { initial: #initial, max: #max, factor: #factor, jitter: Jitter::#jitter })
    }
}

fn jitter(tokens: &TokenStream) -> syn::Result<Jitter> {
    let words = [
        ("full", Jitter::Full),
        ("equal", Jitter::Equal),
        ("none", Jitter::None),
    ];
    value::word(tokens, "jitter", &words)
}
