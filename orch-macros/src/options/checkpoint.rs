//! `checkpoint_after`, `checkpoint_after(approvers = ["ops"], expires = "2d", on_expire = approve)`

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::{Form, Given, Spanned, duration, value};
use crate::diagnostics::Errors;

/// The `checkpoint_after` option.
#[derive(Clone, Default)]
pub(crate) struct Checkpoint {
    pub(crate) approvers: Vec<String>,
    expires: Option<Duration>,
    /// What happens then, as the plan has it.
    on_expire: Option<&'static str>,
}

impl Checkpoint {
    const FORM: &str = "checkpoint_after` or `checkpoint_after(approvers = [\"ops\"], expires = \"2d\", on_expire = approve)";

    /// Reads the option; what cannot be read is reported.
    pub(crate) fn read(given: &Given, errors: &mut Errors) -> Option<Spanned<Self>> {
        if let Form::Value(_) = &given.form {
            errors.push(given.wants(Self::FORM));
            return None;
        }
        let (checkpoint, clean) = errors.scope(|errors| {
            let list = given.list(&["approvers", "expires", "on_expire"], errors);
            if let Some(lead) = &list.lead {
                errors.at(lead, format!("the options of a checkpoint have names: `{}`", Self::FORM));
            }
            let mut checkpoint = Self::default();
            for option in &list.given {
                match option.name().as_str() {
                    "approvers" => {
                        let read = option.value("approvers = [\"ops\"]", approvers);
                        checkpoint.approvers =
                            errors.accept(read).map(|read| read.value).unwrap_or_default();
                    }
                    "expires" => {
                        let read = option.value("expires = \"2d\"", |tokens| {
                            duration::nonzero(
                                tokens,
                                "nobody can decide in no time: leave it out for no limit",
                            )
                        });
                        checkpoint.expires = errors.accept(read).map(|read| read.value);
                    }
                    _ => {
                        let read = option.value("on_expire = approve", on_expire);
                        let read = errors.accept(read);
                        if !list.given.iter().any(|other| other.name() == "expires") {
                            errors.at(
                                &option.key,
                                "`on_expire` says what happens when the time is over, and there is no limit: add `expires = \"2d\"`",
                            );
                        }
                        checkpoint.on_expire = read.map(|read| read.value);
                    }
                }
            }
            checkpoint
        });
        clean.then(|| Spanned {
            key: given.key.clone(),
            value: checkpoint,
            tokens: quote::ToTokens::to_token_stream(&given.key),
        })
    }

    /// As a constant expression, where `__p::*` is in scope.
    pub(crate) fn tokens(&self) -> TokenStream {
        let Self {
            approvers,
            expires,
            on_expire,
        } = self;
        let approvers = (!approvers.is_empty()).then(|| quote!(approvers: &[#(#approvers),*],));
        let expires = expires.map(|expires| {
            let expires = duration::tokens(expires);
            quote!(expires: Some(#expires),)
        });
        let on_expire = on_expire.map(|what| {
            let what = format_ident!("{what}");
            quote!(on_expire: OnExpire::#what,)
        });
        let fields = quote!(#approvers #expires #on_expire);
        if fields.is_empty() {
            return quote_spanned!(Span::mixed_site()=> Checkpoint::ANYBODY);
        }
        // Where every field is given, clippy finds the rest needless.
        let whole = approvers.is_some() && expires.is_some() && on_expire.is_some();
        let rest = (!whole).then(|| quote!(..Checkpoint::ANYBODY));
        quote_spanned!(Span::mixed_site()=> Checkpoint { #fields #rest })
    }
}

fn approvers(tokens: &TokenStream) -> syn::Result<Vec<String>> {
    let approvers = value::labels(tokens)?;
    if approvers.is_empty() {
        return Err(syn::Error::new_spanned(
            tokens,
            "nobody could decide: name somebody, or leave `approvers` out for anybody",
        ));
    }
    Ok(approvers)
}

fn on_expire(tokens: &TokenStream) -> syn::Result<&'static str> {
    value::word(
        tokens,
        "end of a checkpoint",
        &[("approve", "Approve"), ("reject", "Reject")],
    )
}
