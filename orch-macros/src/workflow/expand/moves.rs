//! Names that are used by value although they are used elsewhere too.
//!
//! `Copy` values may be; of any other the compiler says so in its own words, in a function that is never called:
//! it takes the value where one reader does, and uses it where another does.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

use super::super::analysis::{Again, Analysis, How, Reader, Symbol, Use};
use super::bind::Binder;
use super::types;

/// The functions that say so, one for each such name.
pub(super) fn checks(analysis: &Analysis<'_>) -> TokenStream {
    let contested = analysis
        .symbols()
        .filter(|symbol| is_writable(analysis, *symbol))
        .filter_map(|symbol| Some((symbol, analysis.contested(symbol)?)));
    let checks = contested
        .enumerate()
        .map(|(idx, (symbol, (taken, again)))| {
            let (cx, function) = (types::cx(), format_ident!("__m{idx}"));
            let name = defined(analysis, symbol);
            let mut binder = Binder::new(analysis, Analysis::scope_of(symbol), Some(Reader::Tail));
            binder.bind(symbol, &name);
            let lets = binder.lets();
            let uses = match again {
                Again::At(other) => {
                    let (first, second) = (used(taken), used(other));
                    quote!(#first #second)
                }
                Again::Loop(word) => {
                    let used = used(taken);
                    quote_spanned!(word=> loop { #used })
                }
            };
            let owned = quote_spanned!(name.span()=> let #name = __p::owned(#name););
            quote!(fn #function(#cx: &__p::Cx) { #lets #owned #uses })
        });
    checks.collect()
}

/// Whether the value of a symbol was understood.
fn is_writable(analysis: &Analysis<'_>, symbol: Symbol) -> bool {
    let unwritable =
        |(scope, equation): (usize, usize)| analysis.scopes[scope].unwritable[equation];
    let unknown = match symbol {
        Symbol::Input(_) => false,
        Symbol::Equation(scope, equation) => unwritable((scope, equation)),
        Symbol::Local(scope, _) => analysis.scopes[scope].parent.is_some_and(unwritable),
    };
    analysis.workflow.is_whole && !unknown
}

/// A symbol's name, where it is defined.
fn defined(analysis: &Analysis<'_>, symbol: Symbol) -> Ident {
    match symbol {
        Symbol::Input(input) => analysis.workflow.inputs[input].name.clone(),
        Symbol::Equation(scope, equation) => analysis.equation(scope, equation).ident.clone(),
        Symbol::Local(scope, local) => analysis.scopes[scope].locals[local].clone(),
    }
}

/// What a reader does with a name, at its place.
fn used(usage: &Use) -> TokenStream {
    let ident = &usage.ident;
    match usage.how {
        How::Bare => quote_spanned!(ident.span()=> __p::uses(#ident);),
        How::Inner | How::InMacro => quote_spanned!(ident.span()=> __p::uses(&#ident);),
    }
}
