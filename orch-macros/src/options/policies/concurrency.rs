//! `concurrency = 4`

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::option;
use crate::diagnostics::Errors;
use crate::options::{Given, value};

/// The `concurrency` option.
#[derive(Clone)]
pub(crate) struct Concurrency {
    pub(crate) max: u32,
    pub(crate) name: Option<String>,
}

impl Concurrency {
    pub(super) fn read(given: &Given, errors: &mut Errors) -> Option<Self> {
        let (limit, clean) = errors.scope(|errors| {
            let list = given.list(&["name"], errors);
            let max = list.lead.as_ref().map(|tokens| {
                value::positive(
                    tokens,
                    "a limit of zero lets nothing start: write at least 1, or leave it out",
                )
            });
            let form = "concurrency = 4` or `concurrency(4, name = \"db\")";
            let max = errors.accept(max.unwrap_or_else(|| Err(given.wants(form))));
            let name = list
                .given
                .first()
                .map(|name| name.value("name = \"db\"", value::label));
            let name = name.and_then(|name| errors.accept(name));
            Some(Self {
                max: max?,
                name: name.map(|name| name.value),
            })
        });
        limit.filter(|_| clean)
    }

    pub(super) fn tokens(&self) -> TokenStream {
        let (max, name) = (
            Literal::u32_unsuffixed(self.max),
            option(self.name.as_ref()),
        );
        quote!(Concurrency { max: #max, name: #name })
    }
}
