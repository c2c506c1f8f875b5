//! Functions of which the facade's `macro_rules!` writes what is the same for all.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::super::super::analysis::{Analysis, ScopeId};
use super::super::super::model::{Call, Callee, Rhs};
use super::super::types;
use super::Node;

/// A node whose function the facade's `macro_rules!` writes of a few words; `None` for any other.
pub(in super::super) fn row(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
) -> Option<TokenStream> {
    let node = Node {
        analysis,
        scope,
        equation,
    };
    match &node.equation().rhs {
        Rhs::Call(call) => node.call_row(call),
        _ => None,
    }
}

impl Node<'_, '_> {
    /// The function's name, the step, what it reads, what ends the attempt, the call, and where the value is put.
    fn call_row(self, call: &Call) -> Option<TokenStream> {
        let [tier] = call.tiers.as_slice() else {
            return None;
        };
        let step = matches!(tier.callee, Callee::Step(_));
        let decides = tier.when.is_some() || self.equation().options.policies.retry_if.is_some();
        let placed = types::is_given(self.analysis, self.scope)
            || types::may_be_absent(self.analysis, self.scope, self.equation);
        if !step || decides || placed || call.repeat.is_some() || self.is_recorded() {
            return None;
        }
        let mut binder = self.binder();
        binder.taker = self.taker(call, 0);
        let called = self.called(&TokenStream::new(), call, 0, &mut binder);
        let (values, lets) = binder.lets_here()?;
        let (alias, attempted) = (self.alias(call, 0), self.attempted(call, 0));
        let function = types::function(self.scope, self.equation);
        let slot = format_ident!("n{}", self.equation);
        Some(quote!(#function #alias [#values] [#lets] [#attempted] [#called] #slot;))
    }
}
