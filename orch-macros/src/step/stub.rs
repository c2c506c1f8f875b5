//! The code of a step that cannot be: its types alone, so that what uses it is checked all the same.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::visit_mut::{self, VisitMut};

use super::expand::{Outline, associated, output_types};
use super::model::{Step, bare, placed};

/// A description and a call that does nothing, and the hidden struct.
pub(super) fn whole(step: &Step, outline: &Outline) -> TokenStream {
    let Outline {
        name,
        facade,
        attributes,
        visibility,
        implement,
        vague,
    } = outline;
    let (described, call) = (description(step), call(step));
    quote_spanned! {Span::mixed_site()=>
        #attributes
        const _: () = {
            use #facade::__private as __p;
            #vague
            #implement __p::Step for #name<'_> { #described }
            #implement #name<'_> { #call }
        };
        #attributes
        #[doc(hidden)]
        #visibility struct #name<'a> {
            pub cx: &'a #facade::__private::Cx,
        }
    }
}

/// A description with the types alone.
fn description(step: &Step) -> TokenStream {
    let (output, error) = match output(step) {
        Ok(ty) => output_types(ty.as_ref(), step.output.fallible),
        Err(Unnameable) => (quote!(__p::Never), quote!(__p::Never)),
    };
    let name = step.name().unwrap_or_default();
    let types = associated(step, &output, &error);
    quote_spanned! {Span::mixed_site()=>
        #types
        type Reuse = __p::Once;
        type Needs = ();
        const SPEC: __p::StepSpec = __p::StepSpec::new(#name);
    }
}

/// A return type that cannot be an associated type at all.
struct Unnameable;

/// The return type, `'static` where it borrows.
fn output(step: &Step) -> Result<Option<Type>, Unnameable> {
    struct Stub<'a> {
        generics: &'a syn::Generics,
        unnameable: bool,
    }
    impl VisitMut for Stub<'_> {
        fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
            reference.lifetime = Some(syn::Lifetime::new("'static", Span::call_site()));
            visit_mut::visit_type_reference_mut(self, reference);
        }
        fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
            lifetime.ident = Ident::new("static", lifetime.ident.span());
        }
        fn visit_ident_mut(&mut self, ident: &mut Ident) {
            self.unnameable |= self
                .generics
                .type_params()
                .any(|param| param.ident == *ident)
                || self
                    .generics
                    .const_params()
                    .any(|param| param.ident == *ident);
        }
        fn visit_type_impl_trait_mut(&mut self, _: &mut syn::TypeImplTrait) {
            self.unnameable = true;
        }
        fn visit_type_never_mut(&mut self, _: &mut syn::TypeNever) {
            self.unnameable = true;
        }
    }
    let Some(mut ty) = step.output.ty.clone() else {
        return Ok(None);
    };
    let mut stub = Stub {
        generics: &step.function.signature.generics,
        unnameable: false,
    };
    stub.visit_type_mut(&mut ty);
    if stub.unnameable {
        Err(Unnameable)
    } else {
        Ok(Some(ty))
    }
}

/// A call that takes what the step takes, and does nothing.
fn call(step: &Step) -> TokenStream {
    let params = step.data().enumerate().map(|(idx, param)| {
        let name = format_ident!("__orch_{idx}", span = Span::mixed_site());
        let mut ty = bare(&param.ty).clone();
        if let Type::Reference(reference) = &mut ty {
            reference.mutability = None;
        }
        quote!(#name: #ty)
    });
    let generics = &step.function.signature.generics;
    let bounds = &generics.where_clause;
    let place = placed(step.ident());
    let future = quote_spanned! {place=>
        impl __p::Future<Output = __p::CalledOf<Self>> + __p::Send
    };
    quote_spanned! {Span::mixed_site()=>
        pub fn call #generics (self, #(#params),*) -> #future #bounds { ::core::future::pending() }
    }
}
