//! The options of `#[workflow(…)]` and `#[node(…)]`.

mod node;
mod schedule;
mod workflow;

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Ident, Meta};

pub(crate) use self::node::{NodeOptions, Tolerance};
pub(crate) use self::workflow::WorkflowOptions;
use crate::diagnostics::{self, Errors};
use crate::options::Given;

fn switch(given: &Given, errors: &mut Errors) -> Option<Ident> {
    let read = errors.accept(given.switch())?;
    read.value.then(|| given.key.clone())
}

/// The tokens inside `#[word(…)]`, of all such attributes together, and the other attributes.
fn split(attrs: Vec<Attribute>, word: &str, errors: &mut Errors) -> (TokenStream, Vec<Attribute>) {
    let mut own = TokenStream::new();
    let mut others = Vec::new();
    for attr in attrs {
        if !attr.path().is_ident(word) {
            if let Some(name) = attr.path().get_ident().map(ToString::to_string)
                && let Some(meant) = diagnostics::nearest(&name, [word])
            {
                errors.at(
                    attr.path(),
                    format!("unknown attribute `{name}`, did you mean `{meant}`?"),
                );
                continue;
            }
            others.push(attr);
            continue;
        }
        match attr.meta {
            Meta::List(list) => {
                if !own.is_empty() {
                    own.extend([proc_macro2::TokenTree::Punct(proc_macro2::Punct::new(
                        ',',
                        proc_macro2::Spacing::Alone,
                    ))]);
                }
                own.extend(list.tokens);
            }
            other => errors.at(
                other.to_token_stream(),
                format!("the options are written `#[{word}(option = value)]`"),
            ),
        }
    }
    (own, others)
}
