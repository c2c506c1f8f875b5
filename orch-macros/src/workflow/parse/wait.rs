//! Reading what waits: `signal::<Approval>(timeout = "3d")` and `sleep("10d")`.
//!
//! A bare `signal` or `sleep` is the language's own word; a step of that name is called by a longer path.

use std::time::Duration;

use quote::ToTokens as _;
use syn::{Expr, ExprCall, GenericArgument, Ident, PathArguments, Type};

use super::super::model::{Length, Rhs, Signal, Sleep};
use crate::diagnostics::Errors;
use crate::options::{OptionList, Spanned, duration};
use crate::types;

const WHAT_IT_CARRIES: &str =
    "what does it carry? write `signal::<Approval>()`, with the type of the value that is sent";

/// The word that a call waits by, whatever follows the call.
pub(crate) fn word(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Call(call) => word_of(&call.func),
        Expr::MethodCall(call) => word(&call.receiver),
        Expr::Paren(paren) => word(&paren.expr),
        _ => None,
    }
}

/// The word that a callee is, if it is one that waits.
pub(crate) fn word_of(func: &Expr) -> Option<&Ident> {
    let Expr::Path(path) = func else { return None };
    let segments = &path.path.segments;
    let word = &segments.first()?.ident;
    let waits = word == "signal" || word == "sleep";
    let bare = path.qself.is_none() && path.path.leading_colon.is_none() && segments.len() == 1;
    (waits && bare).then_some(word)
}

/// How a node that waits is written.
pub(crate) fn equation(word: &Ident) -> &'static str {
    if word == "signal" {
        "`approval = signal::<Approval>(…);`"
    } else {
        "`wait = sleep(\"10d\");`"
    }
}

/// Reads a call of `signal` or `sleep`.
pub(super) fn wait(call: ExprCall, word: Ident, errors: &mut Errors) -> syn::Result<Rhs> {
    if word == "signal" {
        signal(&call, word, errors)
    } else {
        sleep(call, word)
    }
}

/// What is wrong with a method after a call that waits.
pub(super) fn followed(word: &Ident, method: &Ident) -> syn::Error {
    let why = match (word == "signal", method == "repeat") {
        (_, true) => {
            "what waits is not repeated: declare a workflow that waits, and write `Name::run(state).repeat(…)`"
        }
        (true, _) => {
            "a signal does not fail: it is an `Option`, `None` when its time is over, so leave this out"
        }
        (false, _) => "a sleep does not fail: leave this out",
    };
    syn::Error::new(method.span(), why)
}

fn signal(call: &ExprCall, word: Ident, errors: &mut Errors) -> syn::Result<Rhs> {
    let carries = carried(call, &word)?;
    let args = call.args.to_token_stream();
    let list = OptionList::parse(args, "option of `signal`", &["timeout"], false, errors);
    let timeout = list.given.first().and_then(|given| {
        let read = given.value("timeout = \"3d\"", |tokens| {
            duration::nonzero(
                tokens,
                "a signal that waits for no time never comes: leave the limit out, or write a longer one",
            )
        });
        errors.accept(read)
    });
    if let Some(borrowed) = types::borrowed(&carries).into_iter().next() {
        return Err(syn::Error::new_spanned(
            borrowed,
            "a signal owns what it carries: write an owned type, such as `String` for `&str`",
        ));
    }
    if let Some(opaque) = types::opaque(&carries) {
        return Err(syn::Error::new_spanned(
            opaque,
            "what a signal carries has one type, which a plan can list: write it instead of `impl`",
        ));
    }
    Ok(Rhs::Signal(Box::new(Signal {
        word,
        carries,
        timeout,
    })))
}

/// The type between the angle brackets.
fn carried(call: &ExprCall, word: &Ident) -> syn::Result<Type> {
    let missing = || syn::Error::new(word.span(), WHAT_IT_CARRIES);
    let Expr::Path(path) = &*call.func else {
        return Err(missing());
    };
    let arguments = match path.path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => &arguments.args,
        _ => return Err(missing()),
    };
    let mut arguments = arguments.iter();
    match (arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(Type::Infer(infer))), _) => {
            Err(syn::Error::new_spanned(infer, WHAT_IT_CARRIES))
        }
        (Some(GenericArgument::Type(ty)), None) => Ok(ty.clone()),
        (_, Some(second)) => Err(syn::Error::new_spanned(
            second,
            "a signal carries one value: write a tuple, as in `signal::<(User, Decision)>()`",
        )),
        _ => Err(missing()),
    }
}

fn sleep(call: ExprCall, word: Ident) -> syn::Result<Rhs> {
    if let Expr::Path(path) = &*call.func
        && let Some(PathArguments::AngleBracketed(arguments)) =
            path.path.segments.last().map(|last| &last.arguments)
    {
        return Err(syn::Error::new_spanned(
            arguments,
            "`sleep` carries nothing: write `sleep(\"10d\")`",
        ));
    }
    let mut args = call.args.into_iter();
    let (Some(length), more) = (args.next(), args.next()) else {
        return Err(syn::Error::new(
            word.span(),
            "how long? write `sleep(\"10d\")`, or `sleep(delay)` of a `std::time::Duration`",
        ));
    };
    if let Some(more) = more {
        return Err(syn::Error::new_spanned(
            more,
            "`sleep` takes one length: write `sleep(\"1d12h\")`",
        ));
    }
    let length = match length {
        Expr::Lit(_) | Expr::Unary(_) => Length::Written(written(&word, &length)?),
        computed => Length::Computed(computed),
    };
    Ok(Rhs::Sleep(Box::new(Sleep { word, length })))
}

fn written(word: &Ident, length: &Expr) -> syn::Result<Spanned<Duration>> {
    let tokens = length.to_token_stream();
    Ok(Spanned {
        key: word.clone(),
        value: duration::nonzero(&tokens, "a sleep of no time orders nothing: leave it out")?,
        tokens,
    })
}
