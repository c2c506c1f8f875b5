//! Values as they are, and slots of a scope that its own functions read as they are, of which less has to be written.

use proc_macro2::TokenStream;
use quote::{format_ident, quote_spanned};
use syn::Ident;

use super::super::super::analysis::Symbol;
use super::super::super::model::Rhs;
use super::super::types;
use super::Binder;

impl Binder<'_, '_> {
    /// The field of a slot of this scope that is read as it is.
    pub(super) fn plain_slot(&self, symbol: Symbol) -> Option<Ident> {
        if self.analysis.is_kept(symbol) {
            return None;
        }
        match symbol {
            Symbol::Input(input) => (self.at == 0).then(|| format_ident!("i{input}")),
            Symbol::Equation(scope, equation) => {
                let plain = scope == self.at
                    && matches!(self.analysis.equation(scope, equation).rhs, Rhs::Call(_))
                    && !self.reads_outcome(symbol)
                    && self.analysis.has_nameable_type(scope, equation)
                    && !types::may_be_absent(self.analysis, scope, equation);
                plain.then(|| format_ident!("n{equation}"))
            }
            Symbol::Local(..) => None,
        }
    }

    /// The name under which this scope's slots are wanted, if they are, and the bindings of everything that was
    /// written; `None` where slots of scopes around are wanted too.
    pub(in super::super) fn lets_here(&mut self) -> Option<(Option<Ident>, TokenStream)> {
        if self.opened.iter().any(|scope| *scope != self.at) {
            return None;
        }
        let values = self.opened.pop_first().map(types::values);
        Some((values, self.lets()))
    }

    /// Binds a name as a value of its own, for a function that only the compiler reads.
    pub(in super::super) fn owned(&mut self, symbol: Symbol, ident: &Ident) -> TokenStream {
        let span = ident.span();
        if let Some(field) = self.plain_slot(symbol) {
            let slot = self.slot(self.at, field, span);
            return quote_spanned!(span=> let #ident = #slot.owned(););
        }
        self.bind(symbol, ident);
        quote_spanned!(span=> let #ident = __p::owned(#ident);)
    }

    /// The value itself.
    ///
    /// One that is moved is in a block of its own: its type is settled there, so that it coerces as any argument does
    /// (`&String` to `&str`, a box to a box of a trait), and what does not fit is reported at the name.
    pub(super) fn value(&mut self, ident: &Ident, symbol: Symbol) -> TokenStream {
        let span = ident.span();
        if self.is_shared(symbol) {
            if let Some(field) = self.plain_slot(symbol) {
                let slot = self.slot(self.at, field, span);
                return quote_spanned!(span=> #slot.copied());
            }
            self.bind(symbol, ident);
            return quote_spanned!(span=> __p::Lent(#ident).copied());
        }
        let taken = self.taken(ident, symbol);
        quote_spanned!(span=> { let __value = #taken; __value })
    }

    /// Whether a value is copied, as others use it too.
    fn is_shared(&self, symbol: Symbol) -> bool {
        let has_value = !self.reads_outcome(symbol) && !self.only_waits(symbol);
        has_value && !self.analysis.is_kept(symbol) && !self.analysis.is_moved(symbol)
    }
}
