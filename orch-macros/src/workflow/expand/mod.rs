//! Writing a workflow's code.
//!
//! One function for each node, its slots typed by its steps; the plan as constants; one table that brings them together.
//! Of a workflow with mistakes, everything that was understood is written all the same, so that editors and the
//! compiler go on helping with it, and a stand-in takes the place of the whole.

mod bind;
mod moves;
mod node;
#[cfg_attr(not(any(feature = "pictures", test)), path = "no_picture.rs")]
mod picture;
mod spec;
mod types;
mod value;
mod whole;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned as _;

use self::types::NodeType;
use super::analysis::{Analysis, ScopeId, Symbol};
use super::model::Rhs;
use crate::text;

/// Writes a workflow; `sound` says whether nothing was wrong with it.
pub(crate) fn expand(analysis: &Analysis<'_>, sound: bool) -> TokenStream {
    let workflow = analysis.workflow;
    let (attrs, vis, name) = (&workflow.attrs, &workflow.vis, &workflow.name);
    let krate: Path = match &workflow.options.krate {
        Some(path) => path.clone(),
        None => syn::parse_quote!(::orch),
    };
    let (picture, svg, doc) = picture(analysis, sound);
    let unused = if sound {
        spec::unused(analysis)
    } else {
        TokenStream::new()
    };
    let moves = moves::checks(analysis);
    let declaration = whole::declaration(analysis);
    let running = if sound {
        whole::running(analysis, &svg)
    } else {
        whole::stand_in(analysis)
    };
    let large = large(analysis);
    let slots: TokenStream = (0..analysis.scopes.len())
        .map(|scope| slots(analysis, scope))
        .collect();
    let aliases: TokenStream = each_node(analysis)
        .map(|(scope, equation)| node::aliases(analysis, scope, equation))
        .collect();
    let functions = functions(analysis);
    // A name that was reported needs no lint beside it.
    let reported = (!sound).then(|| quote!(#[allow(non_camel_case_types)]));
    // It is not used by being declared.
    let deprecated = text::deprecated(&workflow.attrs).map(|_| quote!(#[allow(deprecated)]));
    quote! {
        #picture
        #(#attrs)*
        #doc
        #reported
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis struct #name;

        #unused
        #large

        #deprecated
        #[allow(
            dead_code, elided_lifetimes_in_paths, irrefutable_let_patterns, missing_docs,
            non_camel_case_types, non_local_definitions, unexpected_cfgs, unreachable_code,
            unreachable_patterns, unused_braces, unused_imports, unused_parens, unused_variables, clippy::all, clippy::pedantic,
            clippy::restriction
        )]
        const _: () = {
            use #krate::__private::{self as __p, NotCopied as _};
            #slots
            #aliases
            #functions
            #moves
            #declaration
            #running
        };
    }
}

/// How many nodes a workflow may have before somebody asks whether it does one thing.
const NODE_LIMIT: u32 = 50;

/// A warning at the name of a workflow with many nodes, by the one means that stable Rust has.
fn large(analysis: &Analysis<'_>) -> Option<TokenStream> {
    let limit = analysis.workflow.options.node_limit.unwrap_or(NODE_LIMIT);
    let count: usize = analysis.scopes.iter().map(|info| info.order.len()).sum();
    if count <= limit as usize {
        return None;
    }
    let note = format!(
        "this workflow has {count} nodes: move a part that stands alone into a workflow of its own, or say `#[workflow(node_limit = {count})]`"
    );
    let used = quote_spanned!(analysis.workflow.name.span()=> LARGE_WORKFLOW);
    Some(quote! {
        const _: () = {
            #[deprecated(note = #note)]
            const LARGE_WORKFLOW: () = ();
            const _: () = #used;
        };
    })
}

fn each_node<'a>(analysis: &'a Analysis<'_>) -> impl Iterator<Item = (ScopeId, usize)> + 'a {
    analysis
        .scopes
        .iter()
        .enumerate()
        .flat_map(|(scope, info)| {
            (0..info.scope.equations.len()).map(move |equation| (scope, equation))
        })
}

/// The functions of all nodes; those that read what could not be understood are for editors alone, as the compiler
/// would report the same mistake once more in each.
fn functions(analysis: &Analysis<'_>) -> TokenStream {
    let (mut whole, mut partial) = (Vec::new(), Vec::new());
    for scope in 0..analysis.scopes.len() {
        let mut rows = Vec::new();
        for equation in 0..analysis.scopes[scope].scope.equations.len() {
            let unwritable = analysis.scopes[scope].unwritable[equation];
            if unwritable || !analysis.workflow.is_whole {
                partial.push(node::functions(analysis, scope, equation));
            } else if let Some(row) = node::row(analysis, scope, equation) {
                rows.push(row);
            } else {
                whole.push(node::functions(analysis, scope, equation));
            }
        }
        if !rows.is_empty() {
            let (cx, slots) = (types::cx(), types::slots(scope));
            whole.push(quote!(__p::calls! { #cx #slots async move #(#rows)* }));
        }
    }
    if !partial.is_empty() {
        whole.push(quote!(#[cfg(rust_analyzer)] const _: () = { #(#partial)* };));
    }
    whole.into_iter().collect()
}

/// The picture as a macro, so that it stands in the code once; how to name it; and the lines of documentation.
fn picture(analysis: &Analysis<'_>, sound: bool) -> (TokenStream, TokenStream, TokenStream) {
    let Some(svg) = sound.then(|| picture::svg(analysis)).flatten() else {
        return (TokenStream::new(), quote!(""), quote!(#[doc = ""]));
    };
    let name = format_ident!("__orch_svg_{}", analysis.workflow.name);
    (
        quote!(macro_rules! #name { () => { #svg }; }),
        quote!(#name!()),
        quote!(#[doc = ""] #[doc = #name!()] #[doc = ""]),
    )
}

/// Where a scope's values live.
fn slots(analysis: &Analysis<'_>, scope: ScopeId) -> TokenStream {
    let name = types::slots(scope);
    let mut fields = Vec::new();
    if scope == 0 {
        for (idx, input) in analysis.workflow.inputs.iter().enumerate() {
            let field = format_ident!("i{idx}");
            let ty = &input.ty;
            let slot = slot(analysis, Symbol::Input(idx));
            fields.push(quote_spanned!(ty.span()=> #field: __p::#slot<#ty>,));
        }
    }
    for (idx, equation) in analysis.scopes[scope].scope.equations.iter().enumerate() {
        if let Rhs::For(_) = &equation.rhs {
            let held = format_ident!("h{idx}");
            fields.push(quote!(#held: __p::Held,));
        }
        if !equation.rhs.is_node() || matches!(equation.rhs, Rhs::Sleep(_)) {
            // What only waits gives nothing that would have to be somewhere.
            continue;
        }
        if types::is_given(analysis, scope) {
            continue;
        }
        let field = format_ident!("n{idx}");
        let slot = slot(analysis, Symbol::Equation(scope, idx));
        fields.push(match types::of_node(analysis, scope, idx) {
            Some(NodeType::Of(step)) => {
                let slot = format_ident!("{slot}Of");
                quote!(#field: __p::#slot<#step>,)
            }
            Some(NodeType::Named(ty)) => quote!(#field: __p::#slot<#ty>,),
            None if slot == "Moved" => quote!(#field: __p::MovedErased,),
            None => quote!(#field: __p::Erased,),
        });
        if let Rhs::Call(call) = &equation.rhs
            && call.repeat.is_some()
        {
            let state = format_ident!("t{idx}");
            fields.push(quote!(#state: __p::TurnState,));
        }
    }
    let fields: TokenStream = fields.into_iter().collect();
    quote! {
        #[derive(__p::Default)]
        pub struct #name { #fields }
    }
}

fn slot(analysis: &Analysis<'_>, symbol: Symbol) -> syn::Ident {
    format_ident!(
        "{}",
        if analysis.is_moved(symbol) {
            "Moved"
        } else if analysis.is_kept(symbol) {
            "Kept"
        } else {
            "Slot"
        }
    )
}
