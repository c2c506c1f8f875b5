//! The types of slots, as far as a macro can name them.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Ident};

use super::super::analysis::{self, Analysis, ScopeId, Symbol};
use super::super::model::{Callee, Rhs};

/// The name of a scope's slots.
pub(super) fn slots(scope: ScopeId) -> Ident {
    format_ident!("__OrchSlots{scope}")
}

/// The alias of the step that a tier calls.
pub(super) fn alias(scope: ScopeId, equation: usize, tier: usize) -> Ident {
    format_ident!("__Orch{scope}_{equation}_{tier}")
}

/// The context that every generated function has, under a name that no user's name can be.
pub(super) fn cx() -> Ident {
    Ident::new("cx", Span::mixed_site())
}

/// Tokens at a place, so that what is wrong with them is said there.
pub(super) fn spanned(tokens: TokenStream, place: Span) -> TokenStream {
    let token = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), spanned(group.stream(), place)).into();
        }
        token.set_span(place);
        token
    };
    tokens.into_iter().map(token).collect()
}

/// A callee as a type that implements `Step`; what is wrong with it is said where the callee stands.
pub(super) fn step(callee: &Callee, alias: &Ident) -> TokenStream {
    let mut alias = alias.clone();
    alias.set_span(callee.path().span());
    match callee {
        Callee::Step(_) => quote!(#alias<'static>),
        Callee::Workflow(_) => quote!(#alias),
    }
}

/// What a `for` runs over, spelled alike wherever its head is written.
pub(super) fn fan(head: &Expr, held: &TokenStream, value: &TokenStream) -> TokenStream {
    quote_spanned!(head.span()=> __p::fan(&#held, || #value))
}

/// Whether a node's value may be absent, so that its slot holds an `Option`.
pub(super) fn may_be_absent(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> bool {
    let defined = analysis.equation(scope, equation);
    let partial = matches!(&defined.rhs, Rhs::Branch(branch) if branch.partial);
    partial || defined.options.optional.is_some()
}

/// The type of a node's slot, `Option` included; `None` where only the compiler knows it.
pub(super) fn of_node(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
) -> Option<TokenStream> {
    let value = of_value(analysis, scope, equation)?;
    if may_be_absent(analysis, scope, equation) {
        Some(quote!(::core::option::Option<#value>))
    } else {
        Some(value)
    }
}

fn of_value(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> Option<TokenStream> {
    let defined = analysis.equation(scope, equation);
    let inner = &analysis.scopes[scope].inner[equation];
    match &defined.rhs {
        Rhs::Call(call) => {
            let alias = alias(scope, equation, 0);
            let step = step(&call.tiers[0].callee, &alias);
            let output = quote!(<#step as __p::Step>::Output);
            Some(match call.repeat {
                Some(_) => quote!(<#output as __p::Turn>::Out),
                None => output,
            })
        }
        Rhs::For(_) => {
            let item = of_tail(analysis, *inner.first()?)?;
            Some(if defined.options.tolerate.is_some() {
                quote!(__p::Vec<::core::result::Result<#item, __p::NodeError>>)
            } else {
                quote!(__p::Vec<#item>)
            })
        }
        Rhs::Branch(_) => inner.iter().find_map(|&arm| of_tail(analysis, arm)),
        Rhs::View(_) | Rhs::Broken => None,
    }
}

/// The type of a scope's value: known where it is a node of its own.
fn of_tail(analysis: &Analysis<'_>, scope: ScopeId) -> Option<TokenStream> {
    let body = analysis.scopes[scope].scope;
    let Some(tail) = &body.tail else {
        return (!body.tail_broken).then(|| quote!(()));
    };
    match analysis.resolve(scope, analysis::bare(tail)?)? {
        Symbol::Equation(at, equation) if at == scope => {
            let outcome = matches!(
                &analysis.equation(at, equation).rhs,
                Rhs::Call(call) if call.outcome.is_some()
            );
            (!outcome)
                .then(|| of_node(analysis, at, equation))
                .flatten()
        }
        _ => None,
    }
}
