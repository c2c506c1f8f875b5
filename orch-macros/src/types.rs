//! Types that a plan cannot hold: those without a name, and those that borrow.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Type, TypeImplTrait};

/// The first `impl Trait` in a type.
pub(crate) fn opaque(ty: &Type) -> Option<TypeImplTrait> {
    struct First(Option<TypeImplTrait>);
    impl<'ast> Visit<'ast> for First {
        fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
            self.0.get_or_insert_with(|| ty.clone());
        }
    }
    let mut first = First(None);
    first.visit_type(ty);
    first.0
}

/// The lifetimes in a type that are not `'static`, each as the tokens that show it best.
pub(crate) fn borrowed(ty: &Type) -> Vec<TokenStream> {
    let mut borrowed = Borrowed(Vec::new());
    borrowed.visit_type(ty);
    borrowed.0
}

struct Borrowed(Vec<TokenStream>);

impl<'ast> Visit<'ast> for Borrowed {
    fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
        match &reference.lifetime {
            None => self.0.push(reference.to_token_stream()),
            Some(_) => visit::visit_type_reference(self, reference),
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
        if lifetime.ident == "_" {
            self.0.push(lifetime.to_token_stream());
        }
    }

    // What a function type or a closure trait borrows is its own affair.
    fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(
        &mut self,
        _: &'ast syn::ParenthesizedGenericArguments,
    ) {
    }
}
