//! What a scope gives: its last expression, with what that reads.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::super::analysis::{Analysis, Reader, ScopeId};
use super::super::model::Rhs;
use super::bind::Binder;
use super::types;

/// A node's value, for a function that is never called and says by what it returns which type the value has.
pub(super) fn witnessed(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> TokenStream {
    let info = &analysis.scopes[scope];
    let absent = types::may_be_absent(analysis, scope, equation);
    let value = match &analysis.equation(scope, equation).rhs {
        Rhs::For(_) => {
            let body = info.inner[equation][0];
            let item = tail(analysis, body);
            let tolerant = analysis
                .equation(scope, equation)
                .options
                .tolerate
                .is_some();
            let of = if tolerant {
                quote!(results_of)
            } else {
                quote!(vec_of)
            };
            quote!(__p::#of(|| { #item }))
        }
        Rhs::Branch(_) => arms(analysis, &info.inner[equation], &quote!(__p::arm())),
        Rhs::Call(call) => {
            let span = call.tiers[0].place;
            let mut alias = types::alias(scope, equation, 0);
            alias.set_span(span);
            quote_spanned!(span=> __p::value_of::<__p::OutOf<#alias>>())
        }
        _ => quote!(::core::unreachable!()),
    };
    if absent {
        quote!(__p::Some(#value))
    } else {
        value
    }
}

/// The value of the arm that was taken.
pub(super) fn arms(
    analysis: &Analysis<'_>,
    scopes: &[ScopeId],
    taken: &TokenStream,
) -> TokenStream {
    let last = scopes.len().saturating_sub(1);
    let arms = scopes.iter().enumerate().map(|(idx, &scope)| {
        let value = tail(analysis, scope);
        let at = Literal::usize_unsuffixed(idx);
        if idx == last {
            quote!(_ => { #value })
        } else {
            quote!(#at => { #value })
        }
    });
    quote!(match #taken { #(#arms)* })
}

/// The value of a scope, with what it reads.
pub(super) fn tail(analysis: &Analysis<'_>, scope: ScopeId) -> TokenStream {
    let mut binder = Binder::new(analysis, scope, Some(Reader::Tail));
    let value = match &analysis.scopes[scope].scope.tail {
        Some(tail) => binder.construction(tail),
        None => {
            // Where a value is wanted, the last equation is the one that should have been it.
            let last = analysis.scopes[scope].scope.equations.last();
            let span = last.map_or_else(Span::call_site, |equation| equation.ident.span());
            quote_spanned!(span=> ())
        }
    };
    let lets = binder.lets();
    quote!(#lets #value)
}
