//! Reading calls: of a step or a workflow, with what may follow.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Token};

use super::super::model::{Call, Callee, Repeat, Rhs, Tier};
use super::super::names;
use super::wait;
use crate::diagnostics::Errors;
use crate::options::{OptionList, duration, value};

/// Tells a call from a view.
pub(super) fn expression(expr: Expr, errors: &mut Errors) -> syn::Result<Rhs> {
    match expr {
        Expr::Paren(paren) => expression(*paren.expr, errors),
        Expr::Call(call) if let Some(word) = wait::word_of(&call.func).cloned() => {
            wait::wait(call, word, errors)
        }
        Expr::Call(_) | Expr::MethodCall(_) if is_call(&expr) => call(expr, errors).map(Rhs::Call),
        Expr::Await(wait) => {
            errors.push(syn::Error::new(wait.await_token.span(), names::AWAIT));
            expression(*wait.base, errors)
        }
        Expr::Try(attempt) => {
            errors.push(syn::Error::new(attempt.question_token.span(), names::TRY));
            expression(*attempt.expr, errors)
        }
        Expr::Assign(assign) => Err(syn::Error::new(
            assign.eq_token.span(),
            assigned(&assign.left),
        )),
        Expr::Binary(binary) if is_compound(&binary.op) => Err(syn::Error::new_spanned(
            binary.op,
            "equations are not assignments: give the new value a name of its own, as in `total = sum + 1`",
        )),
        view => Ok(Rhs::View(Box::new(view))),
    }
}

/// What is wrong with an assignment to this.
fn assigned(left: &Expr) -> &'static str {
    match left {
        Expr::Tuple(_) | Expr::Array(_) | Expr::Struct(_) | Expr::Call(_) => {
            "an equation defines one name: write `pair = …;`, and read its parts where they are wanted, `pair.0`"
        }
        Expr::Field(_) | Expr::Index(_) | Expr::Unary(_) => {
            "an equation defines a name and changes no value: write `name = …;`"
        }
        _ => "an equation has one name: write a second equation for the other",
    }
}

fn is_compound(op: &syn::BinOp) -> bool {
    use syn::BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign,
        ShlAssign, ShrAssign, SubAssign,
    };
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | BitXorAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// Reads a call and what follows it.
pub(super) fn call(expr: Expr, errors: &mut Errors) -> syn::Result<Call> {
    match expr {
        Expr::Paren(paren) => call(*paren.expr, errors),
        Expr::Call(call) => {
            let Some(callee) = callee(&call.func) else {
                return Err(syn::Error::new_spanned(&call.func, "expected a step here"));
            };
            if let Callee::Step(path) = &callee
                && let Some(generics) = path.segments.iter().find(|it| !it.arguments.is_none())
            {
                return Err(syn::Error::new_spanned(
                    &generics.arguments,
                    "a step is not generic: leave these types out",
                ));
            }
            Ok(Call {
                tiers: vec![Tier {
                    place: callee.path().span(),
                    callee,
                    paren: call.paren_token,
                    args: call.args,
                    or_else: None,
                    when: None,
                }],
                repeat: None,
                outcome: None,
            })
        }
        Expr::MethodCall(method) => {
            if let Some(word) = wait::word(&method.receiver) {
                return Err(wait::followed(word, &method.method));
            }
            let mut inner = call(*method.receiver, errors)?;
            match method.method.to_string().as_str() {
                "or_else" => or_else(&mut inner, method.method, method.args, errors)?,
                "repeat" => repeat(
                    &mut inner,
                    method.method,
                    method.args.into_token_stream(),
                    errors,
                )?,
                _ => {
                    if let Some(argument) = method.args.first() {
                        errors.at(argument, "`.outcome()` takes nothing");
                    }
                    inner.outcome = Some(method.method);
                }
            }
            Ok(inner)
        }
        other => Err(syn::Error::new_spanned(other, "expected a step call here")),
    }
}

fn or_else(
    inner: &mut Call,
    word: Ident,
    args: Punctuated<Expr, Token![,]>,
    errors: &mut Errors,
) -> syn::Result<()> {
    let misplaced = if inner.outcome.is_some() {
        Some("a fallback comes before `.outcome()`: write `first(…).or_else(second(…)).outcome()`")
    } else if inner.repeat.is_some() {
        Some(
            "a repeated call has no fallback of its own: declare a workflow whose result it is, \
             and write `Name::run(…).or_else(second(…))`",
        )
    } else {
        None
    };
    if let Some(message) = misplaced {
        return Err(syn::Error::new(word.span(), message));
    }
    let mut args = args.into_iter();
    let Some(fallback) = args.next() else {
        return Err(syn::Error::new(
            word.span(),
            "the fallback is missing: write `.or_else(second(…))`",
        ));
    };
    if let Expr::Closure(closure) = &fallback {
        return Err(syn::Error::new_spanned(
            closure.inputs_begin,
            "a fallback is a step call, not a closure: write `.or_else(second(…))`",
        ));
    }
    if let Some(word) = wait::word(&fallback) {
        return Err(syn::Error::new(
            word.span(),
            format!(
                "a fallback is a step call, and `{word}` waits in an equation of its own: write {}",
                wait::equation(word)
            ),
        ));
    }
    if !is_call(&fallback) {
        return Err(syn::Error::new_spanned(
            fallback,
            "a fallback is a step call: write `.or_else(second(…))`",
        ));
    }
    for option in args {
        let condition = match &option {
            Expr::Assign(assign) if is_word(&assign.left, "when") => match &*assign.right {
                Expr::Path(path) => Some(path.path.clone()),
                _ => None,
            },
            _ => None,
        };
        match (condition, inner.tiers.last_mut()) {
            (Some(path), Some(tier)) => tier.when = Some(path),
            _ => errors.at(
                &option,
                "expected `when = path`, a function from the error to `bool`",
            ),
        }
    }
    let mut fallback = call(fallback, errors)?;
    if let Some(word) = &fallback.outcome {
        errors.at(word, "this belongs after the whole chain");
    }
    if let Some(repeat) = &fallback.repeat {
        return Err(syn::Error::new(
            repeat.word.span(),
            "a fallback is not repeated: declare a workflow whose result is the repeated call, \
             and write `.or_else(Name::run(…))`",
        ));
    }
    if let Some(first) = fallback.tiers.first_mut() {
        first.or_else = Some(word);
    }
    inner.tiers.append(&mut fallback.tiers);
    Ok(())
}

fn is_word(expr: &Expr, word: &str) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(word))
}

fn repeat(
    inner: &mut Call,
    word: Ident,
    args: TokenStream,
    errors: &mut Errors,
) -> syn::Result<()> {
    let misplaced = if inner.outcome.is_some() {
        Some("`.repeat(…)` comes before `.outcome()`: write `turn(state).repeat(…).outcome()`")
    } else if inner.repeat.is_some() {
        Some("this call is repeated already: keep one `.repeat(…)`")
    } else if inner.tiers.len() > 1 {
        Some(
            "a fallback chain is not repeated: declare a workflow whose result it is, \
             and write `Name::run(state).repeat(…)`",
        )
    } else {
        None
    };
    if let Some(message) = misplaced {
        return Err(syn::Error::new(word.span(), message));
    }
    let list = OptionList::parse(
        args,
        "option of `.repeat(…)`",
        &["max", "every"],
        false,
        errors,
    );
    let (mut max, mut every) = (None, None);
    for given in &list.given {
        if given.key == "max" {
            let read = given.value("max = 20", |tokens| {
                value::positive(
                    tokens,
                    "a step that has no turn gives no value: write at least 1",
                )
            });
            max = Some(errors.accept(read).map_or(1, |read| read.value));
        } else {
            let read = given.value("every = \"30s\"", |tokens| {
                duration::nonzero(
                    tokens,
                    "turns that follow each other at once need no `every`: leave it out",
                )
            });
            every = errors.accept(read).map(|read| read.value);
        }
    }
    let Some(max) = max else {
        return Err(syn::Error::new(
            word.span(),
            "how often at most? write `.repeat(max = 20)`, so that it ends",
        ));
    };
    inner.repeat = Some(Repeat { word, max, every });
    Ok(())
}

/// Whether an expression is a step call or a workflow's run, with or without what may follow it.
pub(crate) fn is_call(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => callee(&call.func).is_some(),
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            matches!(name.as_str(), "or_else" | "outcome" | "repeat") && is_call(&call.receiver)
        }
        Expr::Paren(paren) => is_call(&paren.expr),
        _ => false,
    }
}

/// The step or the workflow that a path calls: a snake-case path that is not a type's, or `Name::run`.
pub(crate) fn callee(func: &Expr) -> Option<Callee> {
    let Expr::Path(path) = func else { return None };
    if path.qself.is_some() {
        return None;
    }
    let segments = &path.path.segments;
    let last = segments.last()?;
    let owner = segments.iter().rev().nth(1);
    let is_type = |name: &Ident| name.unraw().to_string().starts_with(char::is_uppercase);
    if owner.is_some_and(|owner| is_primitive(&owner.ident)) {
        return None;
    }
    if owner.is_some_and(|owner| is_type(&owner.ident)) {
        if last.ident != "run" || !last.arguments.is_none() {
            return None;
        }
        let segments = segments.iter().take(segments.len() - 1).cloned();
        let workflow = syn::Path {
            leading_colon: path.path.leading_colon,
            segments: segments.collect(),
        };
        return Some(Callee::Workflow(workflow));
    }
    let builtin = segments.len() == 1 && is_primitive(&last.ident);
    (!is_type(&last.ident) && !builtin).then(|| Callee::Step(path.path.clone()))
}

fn is_primitive(name: &Ident) -> bool {
    const PRIMITIVES: [&str; 17] = [
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
        "f32", "f64", "bool", "char", "str",
    ];
    PRIMITIVES.contains(&name.to_string().as_str())
}
