//! The names of what is generated, and the types of slots, as far as a macro can name them.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Token};

use super::super::analysis::{self, Analysis, Kind, ScopeId, Symbol};
use super::super::model::{Callee, Rhs, Tier};

/// An equation's number in names, which are short as they stand for each node.
fn number(scope: ScopeId, equation: usize) -> String {
    if scope == 0 {
        equation.to_string()
    } else {
        format!("{scope}_{equation}")
    }
}

/// The name of a scope's slots.
pub(super) fn slots(scope: ScopeId) -> Ident {
    format_ident!("__V{scope}")
}

/// The name under which a function has a scope's slots, looked up once.
pub(super) fn values(scope: ScopeId) -> Ident {
    Ident::new(&format!("v{scope}"), Span::mixed_site())
}

/// A slot, by the name under which a function has its scope's slots; it is written where it is wanted, without being
/// tokens of its own before.
pub(super) struct Slot {
    values: Ident,
    dot: Token![.],
    field: Ident,
}

impl Slot {
    pub(super) fn new(scope: ScopeId, field: Ident, span: Span) -> Self {
        Self {
            values: values(scope),
            dot: Token![.](span),
            field,
        }
    }
}

impl ToTokens for Slot {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.values.to_tokens(tokens);
        self.dot.to_tokens(tokens);
        self.field.to_tokens(tokens);
    }
}

/// The name of a scope's plan.
pub(super) fn plan(scope: ScopeId) -> Ident {
    format_ident!("__S{scope}")
}

/// The name of a node's function: an attempt of its step, or the head of its control form.
pub(super) fn function(scope: ScopeId, equation: usize) -> Ident {
    format_ident!("__n{}", number(scope, equation))
}

/// The name of the function that takes the value out of a control form's body.
pub(super) fn closing_function(scope: ScopeId, equation: usize) -> Ident {
    format_ident!("__c{}", number(scope, equation))
}

/// The name of the function that places a node's value as it was recorded.
pub(super) fn restoring_function(scope: ScopeId, equation: usize) -> Ident {
    format_ident!("__r{}", number(scope, equation))
}

/// The name of the function that tells the items of a `for` apart.
pub(super) fn key_function(scope: ScopeId, equation: usize) -> Ident {
    format_ident!("__k{}", number(scope, equation))
}

/// The alias of the step that a tier calls.
pub(super) fn alias(scope: ScopeId, equation: usize, tier: usize) -> Ident {
    let number = number(scope, equation);
    if tier == 0 {
        format_ident!("__s{number}")
    } else {
        format_ident!("__f{tier}_{number}")
    }
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
pub(super) fn step(tier: &Tier, mut alias: Ident) -> TokenStream {
    alias.set_span(tier.place);
    match tier.callee {
        Callee::Step(_) => quote!(#alias<'static>),
        Callee::Workflow(_) => quote!(#alias),
    }
}

/// What a `for` runs over, spelled alike wherever its head is written.
pub(super) fn fan(head: &Expr, held: &impl ToTokens, value: &TokenStream) -> TokenStream {
    quote_spanned!(head.span()=> __p::fan(&#held, || #value))
}

/// Whether a node's value may be absent, so that its slot holds an `Option`.
pub(super) fn may_be_absent(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> bool {
    let defined = analysis.equation(scope, equation);
    let partial = matches!(&defined.rhs, Rhs::Branch(branch) if branch.partial);
    // A signal is an `Option` by itself.
    let options = &defined.options;
    let skippable = options.allow_skip.is_some() && !defined.gives_outcome();
    let optional = options.optional.is_some() || skippable;
    partial || optional && !matches!(defined.rhs, Rhs::Signal(_))
}

/// Whether a scope is an item's whose one call gives the item's value, which then needs no slot.
pub(super) fn is_given(analysis: &Analysis<'_>, scope: ScopeId) -> bool {
    let info = &analysis.scopes[scope];
    let (Kind::Body, [only], Some(tail)) = (info.kind, &*info.scope.equations, &info.scope.tail)
    else {
        return false;
    };
    let value = Symbol::Equation(scope, 0);
    matches!(&only.rhs, Rhs::Call(call) if call.repeat.is_none() && call.outcome.is_none())
        && analysis::bare(tail).and_then(|name| analysis.resolve(scope, name)) == Some(value)
        && analysis.is_moved(value)
        && !may_be_absent(analysis, scope, 0)
        && !analysis.is_durable()
}

/// Whether what a node gives is recorded.
pub(super) fn is_recorded(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> bool {
    let transient = &analysis.equation(scope, equation).options.transient;
    analysis.is_durable() && transient.is_none()
}

/// The type of a node's slot, as far as it can be named.
pub(super) enum NodeType {
    /// What this step gives.
    Of(TokenStream),
    /// Another type.
    Named(TokenStream),
}

impl NodeType {
    pub(super) fn tokens(self) -> TokenStream {
        match self {
            Self::Of(step) => quote!(__p::OutputOf<#step>),
            Self::Named(ty) => ty,
        }
    }
}

/// The type of a node's slot, `Option` included; `None` where only the compiler knows it.
pub(super) fn of_node(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
) -> Option<NodeType> {
    let value = of_value(analysis, scope, equation)?;
    if !may_be_absent(analysis, scope, equation) {
        return Some(value);
    }
    let value = value.tokens();
    Some(NodeType::Named(quote!(__p::Option<#value>)))
}

fn of_value(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> Option<NodeType> {
    let defined = analysis.equation(scope, equation);
    let inner = &analysis.scopes[scope].inner[equation];
    match &defined.rhs {
        Rhs::Call(call) => {
            let alias = alias(scope, equation, 0);
            let step = step(&call.tiers[0], alias);
            call.repeat.is_none().then_some(NodeType::Of(step))
        }
        Rhs::Signal(signal) => {
            let ty = &signal.carries;
            Some(NodeType::Named(quote!(__p::Option<#ty>)))
        }
        Rhs::Sleep(_) => Some(NodeType::Named(quote!(()))),
        Rhs::For(_) => {
            let item = of_tail(analysis, *inner.first()?)?.tokens();
            Some(NodeType::Named(if defined.options.tolerate.is_some() {
                quote!(__p::Vec<__p::Result<#item, __p::NodeError>>)
            } else {
                quote!(__p::Vec<#item>)
            }))
        }
        Rhs::Branch(_) => inner.iter().find_map(|&arm| of_tail(analysis, arm)),
        Rhs::View(_) | Rhs::Broken => None,
    }
}

/// The type of a scope's value: known where it is a node of its own.
pub(super) fn of_tail(analysis: &Analysis<'_>, scope: ScopeId) -> Option<NodeType> {
    let body = analysis.scopes[scope].scope;
    let Some(tail) = &body.tail else {
        return (!body.tail_broken).then(|| NodeType::Named(quote!(())));
    };
    match analysis.resolve(scope, analysis::bare(tail)?)? {
        Symbol::Equation(at, equation)
            if at == scope && !analysis.equation(at, equation).gives_outcome() =>
        {
            of_node(analysis, at, equation)
        }
        _ => None,
    }
}
