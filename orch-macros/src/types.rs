//! Types that a plan cannot hold: those without a name, and those that borrow.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Type, TypeImplTrait};

/// The first `impl Trait` in a type.
pub(crate) fn opaque(ty: &Type) -> Option<TypeImplTrait> {
    struct First(Option<TypeImplTrait>);
    impl VisitMut for First {
        fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
            self.0.get_or_insert_with(|| ty.clone());
        }

        fn visit_expr_mut(&mut self, _: &mut Expr) {}
    }
    let mut first = First(None);
    first.visit_type_mut(&mut ty.clone());
    first.0
}

/// The lifetimes in a type that are not `'static`, each as the tokens that show it best.
pub(crate) fn borrowed(ty: &Type) -> Vec<TokenStream> {
    let mut borrowed = Borrowed(Vec::new());
    borrowed.visit_type_mut(&mut ty.clone());
    borrowed.0
}

struct Borrowed(Vec<TokenStream>);

impl VisitMut for Borrowed {
    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        match &reference.lifetime {
            None => self.0.push(reference.to_token_stream()),
            Some(_) => visit_mut::visit_type_reference_mut(self, reference),
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
        if lifetime.ident == "_" {
            self.0.push(lifetime.to_token_stream());
        }
    }

    // What a function type or a closure trait borrows is its own affair, and so is what the value of a length does.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(
        &mut self,
        _: &mut syn::ParenthesizedGenericArguments,
    ) {
    }
    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}
