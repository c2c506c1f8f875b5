//! The code of a step: the function as it is, its description, its call, and the hidden struct.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, FnArg, Type, Visibility};

use super::check::PRIMITIVES;
use super::model::{Param, Role, Step, placed};
use super::{call, stub};
use crate::options::feature;
use crate::text;

/// The expansion; of a step that is not `sound`, a stub that others can be checked against.
pub(super) fn expand(step: &Step, sound: bool) -> TokenStream {
    let function = &step.function;
    if !sound && stands_alone(step) {
        return quote!(#function);
    }
    let outline = Outline::of(step);
    let rest = if sound {
        whole(step, &outline)
    } else {
        stub::whole(step, &outline)
    };
    quote!(#function #rest)
}

/// What a step and a stub have around their descriptions.
pub(super) struct Outline {
    /// The function's name for the struct.
    pub(super) name: Ident,
    pub(super) facade: TokenStream,
    /// What comes before both items that stand beside the function.
    pub(super) attributes: TokenStream,
    pub(super) visibility: TokenStream,
    /// The word with which an implementation begins.
    pub(super) implement: Ident,
    pub(super) vague: Option<TokenStream>,
}

impl Outline {
    fn of(step: &Step) -> Self {
        let function = &step.function;
        let facade = match &step.options.facade {
            Some(facade) => quote!(#facade),
            None => quote_spanned!(Span::mixed_site()=> ::orch),
        };
        let mut attributes = TokenStream::new();
        for condition in conditions(&function.attributes) {
            condition.to_tokens(&mut attributes);
        }
        attributes.extend(lints(&function.attributes));
        Self {
            name: struct_name(step),
            facade,
            attributes,
            visibility: visibility(&function.visibility),
            // rustc reports an unknown type once if both its uses would take the same correction:
            // "you might be missing a type parameter", after this word as after the function's name.
            implement: Ident::new("impl", step.ident().span()),
            vague: vague(step),
        }
    }
}

/// What the facade's `macro_rules!` makes the description, the call and the struct of.
fn whole(step: &Step, outline: &Outline) -> TokenStream {
    let Outline {
        name,
        facade,
        attributes,
        visibility,
        implement,
        vague,
    } = outline;
    let (features, undo) = (features(step), undo(step));
    let mock = call::mock(step);
    let types = types(step);
    let (needs, spec) = (needs(step), spec(step));
    let undone = step.options.compensate.is_some();
    let anew = step.options.policies.retries() > 0 || reads_arguments(step) || undone;
    let reuse = Ident::new(if anew { "Anew" } else { "Once" }, Span::mixed_site());
    let call = call::call(step);
    quote_spanned! {Span::mixed_site()=>
        #facade::__private::step! {
            [#attributes] [#visibility] #implement #name
            [#vague #features #undo] [#mock] [#types] #reuse [#needs] [#spec] #call
        }
    }
}

/// Whether the struct would do more harm than good: in an `impl`, or in place of a primitive type.
fn stands_alone(step: &Step) -> bool {
    let method = matches!(
        step.function.signature.inputs.first(),
        Some(FnArg::Receiver(_))
    );
    method || step.of_impl().is_some() || PRIMITIVES.contains(&text::name_of(step.ident()).as_str())
}

/// The function's name for the struct: lints that look at names look at the function's alone.
pub(super) fn struct_name(step: &Step) -> Ident {
    let mut name = step.ident().clone();
    name.set_span(placed(step.ident()));
    name
}

/// `#[cfg]` attributes that come after `#[step]` hold for all that it makes.
fn conditions(attributes: &[Attribute]) -> Vec<&Attribute> {
    let conditions = attributes.iter();
    conditions
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect()
}

/// What the function is allowed, its call is allowed; a deprecated function may still be a step.
fn lints(attributes: &[Attribute]) -> Vec<TokenStream> {
    let mut allowed = Vec::new();
    for attribute in attributes {
        let path = attribute.path();
        if path.is_ident("deprecated") {
            allowed.push(quote!(#[allow(deprecated)]));
        } else if path.is_ident("allow") {
            allowed.push(quote!(#attribute));
        } else if let (true, syn::Meta::List(list)) = (path.is_ident("expect"), &attribute.meta) {
            let lints = &list.tokens;
            allowed.push(quote!(#[allow(#lints)]));
        }
    }
    allowed
}

/// The function's visibility, where lints do not look.
fn visibility(visibility: &Visibility) -> TokenStream {
    fn placed_tokens(tokens: TokenStream) -> TokenStream {
        tokens
            .into_iter()
            .map(|mut token| {
                if let TokenTree::Group(group) = &token {
                    token =
                        proc_macro2::Group::new(group.delimiter(), placed_tokens(group.stream()))
                            .into();
                }
                token.set_span(token.span().resolved_at(Span::mixed_site()));
                token
            })
            .collect()
    }
    placed_tokens(visibility.to_token_stream())
}

/// A warning at a name that says nothing, by the one means that stable Rust has.
fn vague(step: &Step) -> Option<TokenStream> {
    let name = text::kebab(&text::name_of(step.ident()));
    if step.options.name.is_some() || !is_vague(&name) {
        return None;
    }
    let note = format!(
        "`{name}` says nothing about what the step does: rename the function, or give `name = \"…\"`"
    );
    let place = step.ident().span();
    let used = quote_spanned!(place=> VAGUE_STEP_NAME);
    Some(quote_spanned! {Span::mixed_site()=>
        #[deprecated(note = #note)]
        const VAGUE_STEP_NAME: () = ();
        const _: () = #used;
    })
}

/// `step2`, `task`, `do-stuff` and the like.
pub(super) fn is_vague(name: &str) -> bool {
    let numberless = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    matches!(numberless, "step" | "task" | "node" | "job" | "do") || name.starts_with("do-")
}

/// What the implementation says of the step's types.
fn types(step: &Step) -> TokenStream {
    let (output, error) = output_types(step.output.ty.as_ref(), step.output.fallible);
    let mut types = associated(step, &output, &error);
    if let (Some(_), Some(ty)) = (step.options.policies.cached(), &step.output.ty) {
        let kept = across(ty, quote_spanned!(Span::mixed_site()=> Self::Output));
        types.extend(quote_spanned! {Span::mixed_site()=>
            const CACHING: __p::CachingOf<Self> = <#kept as __p::Cacheable>::CACHING;
            __p::kept!();
        });
    }
    if step.options.compensate.is_some() {
        let given = quote_spanned!(Span::mixed_site()=> Self::Output);
        let kept = match &step.output.ty {
            Some(ty) => across(ty, given),
            None => given,
        };
        types.extend(quote_spanned! {Span::mixed_site()=>
            const COMPENSATING: __p::Compensating<Self::Output> = <#kept as __p::Undoable>::COMPENSATING;
        });
    }
    types
}

/// The associated types, at the return type: that is where one that is too private is reported.
pub(super) fn associated(step: &Step, output: &TokenStream, error: &TokenStream) -> TokenStream {
    let place = step
        .output
        .ty
        .as_ref()
        .map_or_else(Span::mixed_site, placed);
    let bounded = step.options.policies.may_fail();
    let kind = match (step.output.fallible, bounded) {
        (true, _) => "Fallible",
        (false, true) => "Bounded",
        (false, false) => "Infallible",
    };
    let kind = Ident::new(kind, Span::mixed_site());
    quote_spanned!(place=> type Output = #output; type Error = #error; type Kind = __p::#kind;)
}

/// What the step gives and what it fails with, of its return type.
pub(super) fn output_types(ty: Option<&Type>, fallible: bool) -> (TokenStream, TokenStream) {
    let Some(ty) = ty else {
        return (quote!(()), quote!(__p::Never));
    };
    if !fallible {
        return (quote!(#ty), quote!(__p::Never));
    }
    // What is wrong with the `Ok` type is shown at the whole return type, an alias perhaps.
    let part = |part: &str| {
        let part = Ident::new(part, Span::mixed_site());
        across(ty, quote_spanned!(Span::mixed_site()=> __p::#part<#ty>))
    };
    (part("OkOf"), part("ErrOf"))
}

/// Tokens at a user's place: the first one at its beginning, the last one at its end.
pub(super) fn across(place: &Type, tokens: TokenStream) -> TokenStream {
    let places: Vec<TokenTree> = place.to_token_stream().into_iter().collect();
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if let ([first, ..], Some(start)) = (&mut tokens[..], places.first()) {
        first.set_span(start.span());
    }
    if let ([.., last], Some(end)) = (&mut tokens[..], places.last()) {
        last.set_span(end.span());
    }
    tokens.into_iter().collect()
}

/// Nested pairs, so that one implementation covers any number of resources; those of the undo step are wanted as well.
fn needs(step: &Step) -> TokenStream {
    let resources = step
        .params
        .iter()
        .filter(|param| param.role == Role::Resource);
    let types: Vec<&Type> = resources.filter_map(Param::lent).collect();
    let undo = match &step.options.compensate {
        Some(_) => quote_spanned!(Span::mixed_site()=> <__U<'static> as __p::Step>::Needs),
        None => quote!(()),
    };
    types.iter().rev().fold(
        undo,
        |rest, ty| quote_spanned!(Span::mixed_site()=> (__p::Need<#ty>, #rest)),
    )
}

/// Whether a cache key, a rate-limit key or a weight is computed from the arguments.
pub(super) fn reads_arguments(step: &Step) -> bool {
    let policies = &step.options.policies;
    let limit = policies.rate_limit.as_ref().map(|limit| &limit.value);
    policies.cached().is_some()
        || limit.is_some_and(|limit| limit.key.is_some() || limit.weight.is_some())
}

/// The name, the version and the parameters, and what else there is to say.
fn spec(step: &Step) -> TokenStream {
    let name = step.name().unwrap_or_default();
    let signature = &step.function.signature;
    let function = format!("::{}", text::name_of(step.ident()));
    let version = match &step.options.version {
        Some(version) => version.value.clone(),
        None => format!("{:016x}", step.digest.value),
    };
    let params = step.data().map(|param| {
        let (name, ty) = (text::name_of(&param.name), text::source(&param.ty));
        quote_spanned!(Span::mixed_site()=> #name: #ty)
    });
    let output = (!step.output.is_unit()).then(|| {
        let shown = &step.output.shown;
        quote!(output: #shown,)
    });
    let description = text::docs(&step.function.attributes).map(|text| quote!(description: #text,));
    let policies = step
        .options
        .policies
        .tokens()
        .map(|policies| quote!(policies: { use __p::plan::*; #policies },));
    let fallible = (step.output.fallible).then(|| quote!(fallible: true,));
    let asynchronous = (signature.asyncness.is_some()).then(|| quote!(asynchronous: true,));
    let blocking = (step.blocking()).then(|| quote!(blocking: true,));
    let idempotent = (!step.idempotent()).then(|| quote!(idempotent: false,));
    let reads = reads_arguments(step).then(|| quote!(reads_arguments: true,));
    let undone = (step.options.compensate.is_some())
        .then(|| quote!(compensation: __p::Some(&<__U as __p::Step>::SPEC),));
    let checkpoint = step.options.checkpoint.as_ref().map(|checkpoint| {
        let checkpoint = checkpoint.value.tokens();
        quote!(checkpoint: { use __p::plan::*; Some(#checkpoint) },)
    });
    quote_spanned! {Span::mixed_site()=>
        #name #version #function [#(#params)*]
        #description #output #fallible #asynchronous #blocking #idempotent #policies #reads #undone #checkpoint
    }
}

/// What says at an option that the library's feature is left out that it takes.
fn features(step: &Step) -> TokenStream {
    let policies = step.options.policies.features();
    let undo = step.options.compensate.as_ref();
    let undo = undo.map(|undo| feature("json", &undo.key));
    quote!(#policies #undo)
}

/// The undo step under a name of its own, said at the path that the user wrote, and that it may be one.
fn undo(step: &Step) -> Option<TokenStream> {
    let path = &step.options.compensate.as_ref()?.value;
    let place = placed(path);
    Some(quote_spanned! {place=>
        type __U<'a> = #path<'a>;
        const _: () = __p::undoes::<__U<'static>>();
    })
}
