//! What makes a function no step, and options that contradict it or each other.

use quote::ToTokens;
use syn::{FnArg, ReturnType, Safety, Type};

use super::model::{Param, Role, Step, bare};
use crate::diagnostics::Errors;
use crate::options::value;
use crate::text;
use crate::types::{borrowed, opaque};

/// Reports every mistake.
pub(super) fn check(step: &Step, errors: &mut Errors) {
    for check in [
        receiver, name, qualifiers, generics, parameters, output, blocking, policies, cache,
        repeating, undoing,
    ] {
        check(step, errors);
    }
}

fn receiver(step: &Step, errors: &mut Errors) {
    if let Some(FnArg::Receiver(receiver)) = step.function.signature.inputs.first() {
        errors.at(
            receiver.self_token,
            "a step is a function of its own, not a method: move it out of the `impl`, \
             and take what it needs as a parameter or as `#[resource] it: &It`",
        );
    } else if let Some(of_impl) = step.of_impl() {
        errors.at(
            of_impl,
            "a step is a function of its own: move it out of the `impl`, and write the type instead of `Self`",
        );
    }
}

/// The types that a struct of the step's name would hide.
pub(super) const PRIMITIVES: [&str; 20] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f16", "f32", "f64", "f128", "never",
];

fn name(step: &Step, errors: &mut Errors) {
    let name = text::name_of(step.ident());
    if PRIMITIVES.contains(&name.as_str()) {
        errors.at(
            step.ident(),
            format!("a step named `{name}` would hide the type `{name}`: give it another name"),
        );
    } else if step.name().is_none() && step.options.name.is_none() {
        let way_out = match value::legal_name(&name) {
            Some(legal) => format!("add `name = \"{legal}\"`"),
            None if name.is_ascii() => "add `name = \"fetch-rates\"`".to_owned(),
            None => "give it one in ASCII by `name = \"…\"`".to_owned(),
        };
        errors.at(
            step.ident(),
            format!(
                "`{name}` makes no step name (1 to 64 of `a` to `z`, `0` to `9` and `-`): {way_out}"
            ),
        );
    }
}

fn qualifiers(step: &Step, errors: &mut Errors) {
    let signature = &step.function.signature;
    if let Some(constness) = &signature.constness {
        errors.at(constness, "a step is not `const`: remove this word");
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        errors.at(
            unsafety,
            "a step is not `unsafe`: a workflow could not keep its promises; call the function from a safe step",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.at(
            abi,
            "a step is a Rust function: call the `extern` one from it",
        );
    }
}

fn generics(step: &Step, errors: &mut Errors) {
    let generics = &step.function.signature.generics;
    let only_lifetimes = generics
        .params
        .iter()
        .all(|param| matches!(param, syn::GenericParam::Lifetime(_)));
    if !generics.params.is_empty() && only_lifetimes {
        errors.at(
            generics,
            "a step names no lifetimes: leave them out of its references, `&str` instead of `&'a str`",
        );
    } else if !generics.params.is_empty() {
        errors.at(
            generics,
            "a step is not generic: a plan lists steps whose types are known; \
             write the types, or call a generic function from steps",
        );
    } else if let Some(bounds) = &generics.where_clause {
        errors.at(
            bounds.where_token,
            "a step has no `where` clause: remove it",
        );
    }
}

fn parameters(step: &Step, errors: &mut Errors) {
    for param in &step.params {
        match param.role {
            Role::Data => data(param, errors),
            Role::Ctx if param.mark.is_none() => {
                let name = &param.name;
                errors.at(
                    name,
                    format!("the context is marked: write `#[ctx] {name}: &StepCtx`"),
                );
            }
            Role::Ctx => lent(param, "the context", "ctx: &StepCtx", errors),
            Role::Resource => {
                let wanted = format!("{}: &{}", param.name, text::source(owned(&param.ty)));
                lent(param, "a resource", &wanted, errors);
            }
        }
    }
    let contexts = step.params.iter().filter(|param| param.role == Role::Ctx);
    for second in contexts.filter_map(|param| param.mark.as_ref()).skip(1) {
        errors.at(second, "one context is enough: remove this parameter");
    }
    for input in &step.function.signature.inputs {
        if let FnArg::Typed(param) = input
            && let Some(cfg) = param.attrs.iter().find(|attribute| {
                attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
            })
        {
            errors.at(
                cfg,
                "a step has the same parameters in every build: put `#[cfg(…)]` on the function",
            );
        }
    }
}

/// A data parameter.
fn data(param: &Param, errors: &mut Errors) {
    if let Some(opaque) = opaque(&param.ty) {
        errors.at(
            opaque,
            "a step's parameter has one type, which a plan can list: write it instead of `impl`",
        );
    }
    if let Type::Reference(reference) = bare(&param.ty)
        && reference.mutability.is_some()
    {
        errors.at(
            reference.mutability,
            "a step does not change what others may read: take it by value, or as `&`",
        );
    }
}

/// The context or a resource, which a step borrows.
fn lent(param: &Param, what: &str, wanted: &str, errors: &mut Errors) {
    match bare(&param.ty) {
        Type::Reference(reference) if reference.mutability.is_some() => errors.at(
            reference.mutability,
            format!("{what} is shared between steps: write `{wanted}`"),
        ),
        Type::Reference(reference) => {
            if let Some(lifetime) = &reference.lifetime {
                errors.at(
                    lifetime,
                    format!("{what} is lent for the call: write `{wanted}`"),
                );
            }
            if let Some(opaque) = opaque(&reference.elem) {
                errors.at(
                    opaque,
                    "a resource is found by its type: write the type, or `dyn` and the trait",
                );
            }
        }
        other => errors.at(other, format!("{what} is borrowed: write `{wanted}`")),
    }
}

/// A type without its reference.
fn owned(ty: &Type) -> &Type {
    match bare(ty) {
        Type::Reference(reference) => owned(&reference.elem),
        other => other,
    }
}

fn output(step: &Step, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = &step.function.signature.output else {
        return;
    };
    if let Type::Never(never) = bare(ty) {
        errors.at(
            never,
            "a step that never returns gives nothing to wait for: return a value, or `()`",
        );
    } else if let Some(opaque) = opaque(ty) {
        let asynchronous = opaque.to_token_stream().to_string().contains("Future");
        let way_out = if asynchronous {
            "make the function `async` and write what it gives"
        } else {
            "write the type, or a `Box<dyn …>`"
        };
        errors.at(
            opaque,
            format!("a step's output has a type that others can name: {way_out}"),
        );
    } else {
        for place in borrowed(ty) {
            errors.at(
                place,
                "a step's output outlives its arguments: give an owned value, such as `String` for `&str`",
            );
        }
    }
}

fn blocking(step: &Step, errors: &mut Errors) {
    let Some(blocking) = step
        .options
        .blocking
        .as_ref()
        .filter(|blocking| blocking.value)
    else {
        return;
    };
    if step.function.signature.asyncness.is_some() {
        errors.at(
            &blocking.key,
            "`blocking` is for plain functions: an `async` one yields its thread; remove one of the two",
        );
        return;
    }
    for param in step.data() {
        if let Some(reference) = borrowed(&param.ty).first() {
            errors.at(
                reference,
                "a `blocking` step runs on a thread of its own: take the value itself instead of a reference",
            );
        }
    }
}

fn policies(step: &Step, errors: &mut Errors) {
    let policies = &step.options.policies;
    policies.check(true, errors);
    if let Some(retry_if) = policies
        .retry_if
        .as_ref()
        .filter(|_| !step.output.fallible && policies.retries() > 0)
    {
        errors.at(
            &retry_if.key,
            "this step returns no `Result`, so that there is no error to look at: remove `retry_if`",
        );
    }
}

fn cache(step: &Step, errors: &mut Errors) {
    let policies = &step.options.policies;
    let Some(cached) = policies.cached() else {
        return;
    };
    if let Some(fallback) = &policies.fallback
        && !step.output.fallible
        && !policies.may_fail()
    {
        errors.at(
            &fallback.key,
            "this step cannot fail, so that its fallback is never reached: remove it, or let the step return a `Result`",
        );
    }
    if step.output.is_unit() {
        errors.at(cached, "there is nothing to cache: this step gives `()`");
    }
    let template = policies
        .cache
        .as_ref()
        .and_then(|cache| cache.value.key.as_ref());
    if let Some(template) = template {
        let data: Vec<String> = step
            .data()
            .map(|param| text::name_of(&param.name))
            .collect();
        let data: Vec<&str> = data.iter().map(String::as_str).collect();
        for error in template.check(&data) {
            errors.push(error);
        }
    }
}

fn repeating(step: &Step, errors: &mut Errors) {
    if step.idempotent() {
        return;
    }
    let policies = &step.options.policies;
    if let Some(retries) = policies
        .retries
        .as_ref()
        .filter(|retries| retries.value > 0)
    {
        errors.at(
            &retries.key,
            "`idempotent = false` says that a second attempt does harm: remove `retries`, or make the step repeatable",
        );
    }
    if let Some(cached) = policies.cached() {
        errors.at(
            cached,
            "`idempotent = false` says that the step has effects, which a cache would leave out: remove one of the two",
        );
    }
}

fn undoing(step: &Step, errors: &mut Errors) {
    let Some(undo) = &step.options.compensate else {
        return;
    };
    if undo.value.is_ident(step.ident()) {
        errors.push(undo.error("a step cannot undo itself: name the step that does"));
    }
    if let Some(cached) = step.options.policies.cached() {
        errors.at(
            cached,
            "what comes from the cache was done by another run, and is not this one's to undo: remove the cache, or `compensate`",
        );
    }
}
