//! Names that are used by value although they are used elsewhere too.
//!
//! `Copy` values may be; of any other the compiler says so in its own words, in a function that is never called:
//! it takes the value where one reader does, and uses it where another does.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Ident;

use super::super::analysis::{Again, Analysis, How, Reader, Symbol, Use};
use super::bind::Binder;
use super::types;

/// The functions that say so: one for the names of each scope, and one for each that is taken in a loop, as nothing
/// comes after that.
pub(super) fn checks(analysis: &Analysis<'_>) -> TokenStream {
    let mut functions = Vec::new();
    let mut loops = 0;
    for scope in 0..analysis.scopes.len() {
        let new_binder = || Binder::new(analysis, scope, Some(Reader::Tail));
        let (mut together, mut owned, mut uses) = (new_binder(), Vec::new(), Vec::new());
        for symbol in analysis.symbols_of(scope) {
            let Some((taken, again)) = contested(analysis, symbol) else {
                continue;
            };
            let name = defined(analysis, symbol);
            match again {
                Again::At(other) => {
                    owned.push(together.owned(symbol, &name));
                    uses.extend([used(taken), used(other)]);
                }
                Again::Loop(word) => {
                    let mut alone = new_binder();
                    let owned = alone.owned(symbol, &name);
                    let used = used(taken);
                    let turns = quote_spanned!(word=> loop { __p::uses(#used); });
                    let name = format_ident!("__l{loops}");
                    functions.push(function(&name, &mut alone, quote!(#owned #turns)));
                    loops += 1;
                }
            }
        }
        if !uses.is_empty() {
            let name = format_ident!("__m{scope}");
            let body = quote!(#(#owned)* let _ = (#(#uses),*););
            functions.push(function(&name, &mut together, body));
        }
    }
    functions.into_iter().collect()
}

fn function(name: &Ident, binder: &mut Binder<'_, '_>, body: TokenStream) -> TokenStream {
    let (cx, lets) = (types::cx(), binder.lets());
    quote!(fn #name(#cx: &__p::Cx) { #lets #body })
}

/// A use that takes a symbol's value, and what else wants it, where both are to be said.
fn contested<'a>(analysis: &'a Analysis<'_>, symbol: Symbol) -> Option<(&'a Use, Again<'a>)> {
    is_writable(analysis, symbol).then(|| analysis.contested(symbol))?
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
        How::Bare => ident.to_token_stream(),
        How::Inner | How::InMacro => quote_spanned!(ident.span()=> &#ident),
    }
}
