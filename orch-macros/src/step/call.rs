//! How a step is called: one attempt, or what the engine asks for instead of one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::expand::{across, reads_arguments, struct_name};
use super::model::{Param, Role, Step, placed};
use crate::text;

/// The parameters, the future and the body of `call`, which makes one attempt or computes what policies want to know
/// beforehand.
///
/// The future is written at the function's name: that is where one that is not `Send` is reported.
pub(super) fn call(step: &Step) -> TokenStream {
    let names = step.data().map(|param| &param.name);
    let types = step.data().map(|param| &param.ty);
    let place = placed(step.ident());
    let (returned, body) = if is_direct(step) {
        let returned = if step.output.fallible {
            "ResultOf"
        } else {
            "OutputOf"
        };
        (returned, direct(step))
    } else {
        let (lent, undone, facts, attempt) = (lent(step), undone(step), facts(step), attempt(step));
        let body = quote_spanned! {Span::mixed_site()=>
            #lent
            async move { #undone #facts #attempt }
        };
        ("CalledOf", body)
    };
    let returned = Ident::new(returned, place);
    let future = quote_spanned! {place=>
        impl __p::Future<Output = __p::#returned<Self>> + __p::Send
    };
    quote_spanned! {Span::mixed_site()=>
        (self, #(#names: #types),*) [#future] { #body }
    }
}

/// Whether the future of a call is the function's own, as nothing is to be done before it or after it.
fn is_direct(step: &Step) -> bool {
    let lends = step.params.iter().any(|param| param.role == Role::Resource);
    let asynchronous = step.function.signature.asyncness.is_some();
    let decides = step.options.policies.retry_if.is_some();
    let more = reads_arguments(step) || step.options.compensate.is_some();
    asynchronous && !lends && !decides && !more
}

/// The function's own future, or in tests that of a stand-in.
fn direct(step: &Step) -> TokenStream {
    let (function, arguments) = (struct_name(step), arguments(step));
    let passed = step.data().map(|param| &param.name);
    quote_spanned!(Span::mixed_site()=> __p::direct!(self, async move (#(#passed),*), #function(#arguments)))
}

/// Whether the future of a call holds the context.
///
/// Of most it does not: what they want of it they look up before they begin, so that the compiler proves them to be
/// `Send` without looking into all that a run holds.
fn holds_context(step: &Step) -> bool {
    let asks = step.params.iter().any(|param| param.role == Role::Ctx);
    asks || step.blocking() || reads_arguments(step) || step.options.compensate.is_some()
}

/// The stand-in of a test, if there is one.
fn stand_in() -> TokenStream {
    quote_spanned!(Span::mixed_site()=> self.cx.mock::<__M>())
}

/// What a call looks up before it begins: a stand-in, and resources under the names that the function has for them.
fn lent(step: &Step) -> TokenStream {
    if holds_context(step) {
        return TokenStream::new();
    }
    let stand_in = stand_in();
    let resources = step.params.iter().filter_map(|param| {
        let (Role::Resource, Some(ty)) = (param.role, param.lent()) else {
            return None;
        };
        let (name, place) = (&param.name, placed(&param.ty));
        Some(quote_spanned!(place=> let #name = self.cx.lend::<#ty>();))
    });
    quote_spanned!(Span::mixed_site()=> __p::testing!(let mock = #stand_in;); #(#resources)*)
}

/// Undoes the step, if that is what the call is for: the undo step takes the outcome and the same arguments.
fn undone(step: &Step) -> Option<TokenStream> {
    let path = &step.options.compensate.as_ref()?.value;
    let place = placed(path);
    let arguments = step.data().map(|param| {
        let mut name = param.name.clone();
        name.set_span(place.resolved_at(name.span()));
        name
    });
    Some(quote_spanned! {place=>
        if let __p::Some(mut it) = self.cx.undoing::<Self>() {
            let undo = __U { cx: self.cx };
            return __p::undone::<Self, __U<'_>>(undo.call(__p::told(&mut it) #(, #arguments)*).await);
        }
    })
}

/// Gives what policies compute from the arguments or what the cache has, if that is what the call is for.
fn facts(step: &Step) -> Option<TokenStream> {
    if !reads_arguments(step) {
        return None;
    }
    let limit = step
        .options
        .policies
        .rate_limit
        .as_ref()
        .map(|limit| &limit.value);
    let expression = |expression: &syn::Expr, function: &str| {
        let place = placed(expression);
        let function = Ident::new(function, place);
        quote_spanned!(place=> __p::#function(&(#expression)))
    };
    let facts = [
        ("cache_key", cache_key(step)),
        (
            "rate_key",
            limit
                .and_then(|limit| limit.key.as_ref())
                .map(|key| expression(key, "rate_key")),
        ),
        (
            "weight",
            limit
                .and_then(|limit| limit.weight.as_ref())
                .map(|weight| expression(weight, "weight")),
        ),
    ];
    let facts = facts.into_iter().filter_map(|(name, fact)| {
        let (name, fact) = (Ident::new(name, Span::mixed_site()), fact?);
        Some(quote_spanned!(Span::mixed_site()=> f.#name = #fact))
    });
    Some(quote_spanned! {Span::mixed_site()=>
        if let __p::Some(it) = self.cx.instead::<Self>(|f| { #(#facts);* }) {
            return it;
        }
    })
}

fn cache_key(step: &Step) -> Option<TokenStream> {
    let policies = &step.options.policies;
    policies.cached()?;
    let template = policies
        .cache
        .as_ref()
        .and_then(|cache| cache.value.key.as_ref());
    Some(match template {
        Some(template) => {
            let param = |wanted: &str| {
                let mut names = step.data().map(|param| &param.name);
                names.find(|name| text::name_of(name) == wanted).cloned()
            };
            template.tokens(param)
        }
        None => {
            let parts = step.data().map(key_part);
            quote_spanned!(Span::mixed_site()=> __p::key_of(&[#(#parts),*]))
        }
    })
}

/// A borrowed argument, at its type: that is where one that does not serialize is reported.
fn key_part(param: &Param) -> TokenStream {
    let mut name = param.name.clone();
    let last = param.ty.to_token_stream().into_iter().last();
    name.set_span(
        last.map_or(name.span(), |last| last.span())
            .resolved_at(name.span()),
    );
    across(&param.ty, quote!(& #name))
}

/// What a stand-in for the step takes and gives.
pub(super) fn mock(step: &Step) -> TokenStream {
    let types = step.data().map(|param| &param.ty);
    let output = &step.function.signature.output;
    quote_spanned!(Span::mixed_site()=> (#(#types),*) #output)
}

/// The arguments of the function.
fn arguments(step: &Step) -> TokenStream {
    let arguments = step.params.iter().map(|param| argument(step, param));
    quote_spanned!(Span::mixed_site()=> #(#arguments),*)
}

/// Calls the function once, or what a test has put in its place.
fn attempt(step: &Step) -> TokenStream {
    // With the macro's hygiene it is the function even where a parameter has the same name.
    let function = struct_name(step);
    let arguments = arguments(step);
    let value = if step.function.signature.asyncness.is_some() {
        quote_spanned!(Span::mixed_site()=> #function(#arguments).await)
    } else {
        let called = quote_spanned!(Span::mixed_site()=> #function(#arguments));
        match step.blocking() {
            true => blocking(step, &called),
            false => called,
        }
    };
    let passed = step.data().map(|param| &param.name);
    let mock = if holds_context(step) {
        stand_in()
    } else {
        quote_spanned!(Span::mixed_site()=> mock)
    };
    settled(
        step,
        &quote_spanned! {Span::mixed_site()=>
            __p::mocked!(#mock, (#(#passed),*), #value)
        },
    )
}

/// Calls the function on the blocking pool, with a context of its own, as this one may be gone before it returns.
fn blocking(step: &Step, called: &TokenStream) -> TokenStream {
    let attempt = quote_spanned!(Span::mixed_site()=> __p::blocking(move || #called).await);
    if step.params.iter().all(|param| param.role == Role::Data) {
        return attempt;
    }
    quote_spanned!(Span::mixed_site()=> { let cx = self.cx.detached(); #attempt })
}

/// A return value as what the engine wants to know of it.
fn settled(step: &Step, value: &TokenStream) -> TokenStream {
    let retry_if = step.options.policies.retry_if.as_ref();
    match retry_if {
        _ if !step.output.fallible => {
            quote_spanned!(Span::mixed_site()=> __p::Called::Value(#value))
        }
        None => quote_spanned!(Span::mixed_site()=> __p::called(#value)),
        Some(retry_if) => {
            let path = &retry_if.value;
            let place = placed(path);
            quote_spanned!(place=> __p::called_if(#value, |e| #path(e)))
        }
    }
}

/// An argument: a parameter of the call, or what the run lends.
fn argument(step: &Step, param: &Param) -> TokenStream {
    if param.role == Role::Data {
        return param.name.to_token_stream();
    }
    let place = placed(&param.ty);
    let cx = if step.blocking() {
        quote_spanned!(place=> cx)
    } else {
        quote_spanned!(place=> self.cx)
    };
    match (param.role, param.lent()) {
        (Role::Ctx, _) => quote_spanned!(place=> #cx.ctx()),
        (Role::Resource, Some(ty)) if holds_context(step) => {
            quote_spanned!(place=> #cx.resource::<#ty>())
        }
        _ => {
            let name = &param.name;
            quote_spanned!(place=> #name.get())
        }
    }
}
