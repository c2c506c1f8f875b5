//! Steps that other steps undo.

use orch_core::error::Cause;
use orch_core::outcome::Outcome;
use orch_core::policy::Retry;

use super::{Durable, Keep};
use crate::glue::RaisesAny;
use crate::step::{Called, CalledOf, Returned, Step};

/// What an undo step gave.
pub fn undone<S: Step, U: Step>(called: impl Returned<U>) -> CalledOf<S>
where
    U::Kind: RaisesAny<U::Error>,
{
    match called.called() {
        Called::Error(error, retry) | Called::Unfit(error, retry) => {
            let cause = Cause::any(<U::Kind as RaisesAny<U::Error>>::raise(error));
            Called::Undone(Err((cause, retry)))
        }
        Called::Facts(facts) => Called::Facts(facts),
        Called::Value(_) | Called::Undone(_) => Called::Undone(Ok(())),
    }
}

/// What an undo step is told of a step that gives `T`.
#[diagnostic::on_unimplemented(
    message = "a step that undoes another is told how that ended: it takes an `Outcome<&{T}>` first, not `{Self}`",
    label = "takes `{Self}` first",
    note = "write `outcome: Outcome<&{T}>`, or `Outcome<{T}>` where the value is to be its own; the other step's arguments follow"
)]
pub trait Told<'a, T> {
    /// How the other step ended.
    fn told(outcome: &'a mut Outcome<T>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<'a, T> Told<'a, T> for Outcome<&'a T> {
    fn told(outcome: &'a mut Outcome<T>) -> Self {
        outcome.as_ref()
    }
}

#[diagnostic::do_not_recommend]
impl<T> Told<'_, T> for Outcome<T> {
    fn told(outcome: &mut Outcome<T>) -> Self {
        std::mem::replace(outcome, Outcome::Pending)
    }
}

/// Tells an undo step how the step that it undoes ended.
pub fn told<'a, T, O: Told<'a, T>>(outcome: &'a mut Outcome<T>) -> O {
    O::told(outcome)
}

/// The value of a step that may have to be undone, as it is kept until then.
#[derive(Debug)]
pub struct Compensating<T> {
    /// `None` of a step that nothing undoes.
    pub(crate) keep: Option<Keep<T>>,
}

impl<T> Compensating<T> {
    /// Nothing undoes it.
    pub const NONE: Self = Self { keep: None };
}

/// What a step can give that another step undoes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept for `compensate`",
    label = "not `serde::Serialize + serde::de::DeserializeOwned`",
    note = "the step that undoes this one is told what it gave, after a crash too: derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Undoable: Sized {
    /// A step undoes it, and is told what it gave.
    const COMPENSATING: Compensating<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Durable> Undoable for T {
    const COMPENSATING: Compensating<Self> = Compensating {
        keep: Some(Keep::NEW),
    };
}

/// Checks that `U` can undo another step.
///
/// # Panics
/// While the other step is compiled, if it cannot.
#[track_caller]
pub const fn undoes<U: Step>() {
    let undo = U::SPEC;
    if undo.compensation.is_some() {
        panic!("a step that undoes another is not undone itself: remove `compensate` from it");
    }
    if undo.checkpoint.is_some() {
        panic!(
            "nobody decides about what undoes a step, as nothing waits for its value: remove `checkpoint_after` from it"
        );
    }
    if undo.policies.cache.is_some() {
        panic!("what undoes a step has to run each time: remove the cache from it");
    }
    if undo.reads_arguments {
        panic!(
            "a limit of what undoes a step cannot depend on its arguments: remove `key` and `weight` from it"
        );
    }
}

/// The result of an undo step, as the engine is told.
pub type UndoneResult = Result<(), (Cause, Retry)>;
