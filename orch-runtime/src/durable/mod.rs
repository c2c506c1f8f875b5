//! What a durable workflow's generated code calls: values as they are recorded, and back.

mod codec;
#[cfg(feature = "durable")]
mod items;
#[cfg(not(feature = "durable"))]
#[path = "../absent/items.rs"]
mod items;
mod undo;
mod waits;

use std::time::Duration;

use orch_core::error::{Cause, ErrorKind};
use orch_core::plan::Wait;
#[cfg(feature = "json")]
use serde::{Serialize, de::DeserializeOwned};

pub use self::codec::*;
pub use self::items::*;
pub use self::undo::*;
pub use self::waits::*;
use crate::artifact::{Blob, recording, restoring};
use crate::ctx::Cx;
use crate::glue::{OutOf, Raises, RaisesAny, StateOf, Turn, Turning, end, raise_any, raise_in};
use crate::json;
use crate::program::{Done, KeptValue, Restored, Thrown, ThrownError, Workflow};
use crate::slots::Put;
use crate::step::{Computed, Returned, Step};

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// A duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// A value as JSON text.
pub type Json = String;

/// A value that a journal can keep: it goes into JSON and comes back as it was.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded",
    label = "not `serde::Serialize + serde::de::DeserializeOwned`",
    note = "a durable workflow records what its nodes give: derive `serde::Serialize` and `serde::Deserialize` for it, or say `#[node(transient)]` of a value that may be computed anew"
)]
pub trait Durable: Sized {
    /// As JSON.
    ///
    /// # Errors
    /// Fails where the value's own `Serialize` does.
    fn encode(&self) -> Result<String, json::Error>;

    /// Back from JSON.
    ///
    /// # Errors
    /// Fails where the value's own `Deserialize` does.
    fn decode(json: &str) -> Result<Self, json::Error>;
}

#[cfg(feature = "json")]
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Durable for T {
    fn encode(&self) -> Result<String, json::Error> {
        serde_json::to_string(self)
    }

    fn decode(json: &str) -> Result<Self, json::Error> {
        serde_json::from_str(json)
    }
}

/// A workflow that need not survive its process.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is durable: start it on an orchestrator with a store",
    label = "durable",
    note = "its runs survive their process, so that there has to be a store: `Orchestrator::builder().store(…).workflow({Self}).build().await?`, and then `.start(…)`"
)]
pub trait InMemory<'a> {}

/// Checks that what `S` gives may be computed again instead of recorded.
///
/// # Panics
/// While a workflow is compiled, if it may not.
#[track_caller]
pub const fn recomputed<S: Step>() {
    let step = S::SPEC;
    if !step.idempotent {
        panic!(
            "this step is `idempotent = false`, so that it cannot be computed again: remove `transient`"
        );
    }
    if step.compensation.is_some() {
        panic!(
            "this step is undone by another, which has to know what it gave: remove `transient`"
        );
    }
    if step.checkpoint.is_some() {
        panic!("what this step gives is decided about, once: remove `transient`");
    }
}

/// Checks that `W` can run inside a workflow that is not durable, where nothing of it is kept.
///
/// # Panics
/// While the workflow around it is compiled, if it cannot.
#[track_caller]
pub const fn unkept<W: Workflow>() {
    if !W::SPEC.durable {
        return;
    }
    match W::SPEC.scope.waits() {
        None => {}
        Some(Wait::Checkpoint) => panic!(
            "this workflow waits for a decision (`checkpoint_after`), which only a run that is kept can, and the workflow around it is not durable: say `#[workflow(durable)]` of that one"
        ),
        Some(Wait::Signal) => panic!(
            "this workflow waits for a `signal`, which nobody can send to it here, as the workflow around it is not durable: say `#[workflow(durable)]` of that one"
        ),
        Some(_) => panic!(
            "this workflow has a `sleep` that is to survive its process, and the workflow around it is not durable: say `#[workflow(durable)]` of that one"
        ),
    }
}

/// The way of a value into a journal and out of it.
///
/// It asks for [`Durable`] where it is made and nowhere else: generated code makes it wherever it records or restores,
/// and the compiler says the same thing about the same tokens only once.
#[derive(Debug)]
pub struct Keep<T> {
    pub(crate) encode: fn(&T) -> Result<String, json::Error>,
    pub(crate) decode: fn(&str) -> Result<T, json::Error>,
}

impl<T: Durable> Keep<T> {
    const NEW: Self = Self {
        encode: T::encode,
        decode: T::decode,
    };
}

/// How what `S` gives is recorded.
#[must_use]
pub const fn keep<S: Step>() -> Keep<S::Output>
where
    S::Output: Durable,
{
    Keep::NEW
}

/// How the turns of a repeated step are recorded: what they hand on, and what the last one gives.
#[derive(Debug)]
pub struct KeepTurn<T: Turn> {
    state: Keep<T::State>,
    out: Keep<T::Out>,
}

/// How the turns of `S` are recorded.
#[must_use]
pub const fn keep_turn<S: Step>() -> KeepTurn<S::Output>
where
    S::Output: Turn,
    StateOf<S>: Durable,
    OutOf<S>: Durable,
{
    KeepTurn {
        state: Keep::NEW,
        out: Keep::NEW,
    }
}

/// Ends an attempt whose value is recorded, of a step whose failure somebody consumes.
#[inline(never)]
pub fn recorded<S: Step>(
    called: impl Returned<S>,
    cx: &Cx,
    keep: Keep<S::Output>,
    slot: impl Put<S::Output>,
) -> Result<Done, Thrown>
where
    S::Kind: RaisesAny<S::Error>,
{
    end::<S>(cx, called.called(), raise_any::<S>, |value, shared| {
        record(cx, value, shared, &keep, &slot)
    })
}

/// Ends an attempt whose value is recorded, of a step whose failure is the workflow's.
#[inline(never)]
pub fn recorded_in<W: Workflow, S: Step>(
    called: impl Returned<S>,
    cx: &Cx,
    keep: Keep<S::Output>,
    slot: impl Put<S::Output>,
) -> Result<Done, Thrown>
where
    S::Kind: Raises<S::Error, W::Error>,
{
    end::<S>(cx, called.called(), raise_in::<W, S>, |value, shared| {
        record(cx, value, shared, &keep, &slot)
    })
}

fn record<T>(
    cx: &Cx,
    value: T,
    shared: Option<Computed>,
    keep: &Keep<T>,
    slot: &impl Put<T>,
) -> Result<Done, Thrown> {
    if !cx.records() {
        slot.put(value);
        return Ok(Done::Value.sharing(shared));
    }
    let (json, mut refers) = recording(|| (keep.encode)(&value));
    let json = within_limit(cx, json)?;
    if !refers.is_empty() && cx.is_recorded_inside() {
        refers.clear();
    }
    let value = as_recorded(value, (&json, &refers), keep.decode)?;
    // What refers to artifacts is placed as it was recorded, so that their content need not stay in memory.
    if !cx.withholds() && refers.is_empty() {
        slot.put(value);
    }
    Ok(Done::Kept(Box::new(KeptValue {
        shared,
        json: Some(json),
        refers,
        again: false,
    })))
}

/// A value as it is recorded, unless that is larger than the journal takes.
fn within_limit(cx: &Cx, json: Result<String, json::Error>) -> Result<String, Thrown> {
    let json = json.map_err(|error| {
        ThrownError::of(Cause::any(format!(
            "its output cannot be recorded, as it does not serialize to JSON: {error}"
        )))
    })?;
    let limit = cx.value_limit();
    if json.len() <= limit {
        return Ok(json);
    }
    let length = json.len();
    let message = format!(
        "its output is {length} bytes of JSON, and the journal takes {limit}: give an `Artifact` in its place, or raise `value_limit` on the orchestrator"
    );
    Err(Box::new(ThrownError {
        kind: ErrorKind::TooLarge,
        ..ThrownError::of(Cause::any(message))
    }))
}

/// How many levels of JSON are sure to be read.
const LEVELS: usize = 100;

/// Whether a value may be another one when it is read from its JSON, or cannot be read: JSON has one word, `null`, for
/// what is absent and for numbers that are none, and only so many levels of it are read.
pub(crate) fn may_change(json: &str) -> bool {
    let mut levels = 0_usize;
    let is_deep = json.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => levels += 1,
            b']' | b'}' => levels = levels.saturating_sub(1),
            _ => {}
        }
        levels > LEVELS
    });
    is_deep || json.contains("null")
}

/// A value as it comes back from its JSON, so that it is the same with and without a crash; one that refers to artifacts
/// is only tried, as these are not kept yet.
fn as_recorded<T>(
    value: T,
    (json, refers): (&str, &[Blob]),
    decode: fn(&str) -> Result<T, json::Error>,
) -> Result<T, Thrown> {
    if !may_change(json) {
        return Ok(value);
    }
    match restoring(None, Vec::new(), || decode(json)) {
        Ok(recorded) if refers.is_empty() => Ok(recorded),
        Ok(_) => Ok(value),
        Err(error) => {
            let message = format!("what it gave does not come back from JSON: {error}");
            Err(Box::new(ThrownError::of(Cause::any(message))))
        }
    }
}

/// Places a value that was recorded.
///
/// # Errors
/// If it is not what the step gives by now.
pub fn restore<T>(json: &str, keep: Keep<T>, slot: impl Put<T>) -> Restored {
    slot.put((keep.decode)(json)?);
    Ok(())
}

/// Ends a turn that is recorded, of a step whose failure somebody consumes.
pub fn turn_recorded<S: Step, P>(
    called: impl Returned<S>,
    cx: &Cx,
    keep: KeepTurn<S::Output>,
    to: Turning<'_, P>,
) -> Result<Done, Thrown>
where
    S::Kind: RaisesAny<S::Error>,
    S::Output: Turn,
    P: Put<OutOf<S>>,
{
    end::<S>(cx, called.called(), raise_any::<S>, |value, shared| {
        record_turn(cx, value, shared, &keep, &to)
    })
}

/// Ends a turn that is recorded, of a step whose failure is the workflow's.
pub fn turn_recorded_in<W: Workflow, S: Step, P>(
    called: impl Returned<S>,
    cx: &Cx,
    keep: KeepTurn<S::Output>,
    to: Turning<'_, P>,
) -> Result<Done, Thrown>
where
    S::Kind: Raises<S::Error, W::Error>,
    S::Output: Turn,
    P: Put<OutOf<S>>,
{
    end::<S>(cx, called.called(), raise_in::<W, S>, |value, shared| {
        record_turn(cx, value, shared, &keep, &to)
    })
}

fn record_turn<T: Turn, P: Put<T::Out>>(
    cx: &Cx,
    value: T,
    shared: Option<Computed>,
    keep: &KeepTurn<T>,
    to: &Turning<'_, P>,
) -> Result<Done, Thrown> {
    use std::ops::ControlFlow::{Break, Continue};
    let records = cx.records();
    let encoded = |encode: &dyn Fn() -> Result<String, json::Error>| {
        if !records {
            return Ok((None, Vec::new()));
        }
        let (json, refers) = recording(encode);
        within_limit(cx, json).map(|json| (Some(json), refers))
    };
    let (json, refers, again) = match value.turn() {
        Break(out) => {
            let (json, refers) = encoded(&|| (keep.out.encode)(&out))?;
            let recorded = (json.as_deref().unwrap_or_default(), &*refers);
            let out = as_recorded(out, recorded, keep.out.decode)?;
            if !(records && cx.withholds()) && refers.is_empty() {
                to.1.put(out);
            }
            (json, refers, false)
        }
        Continue(state) => {
            let (json, refers) = encoded(&|| (keep.state.encode)(&state))?;
            let recorded = (json.as_deref().unwrap_or_default(), &*refers);
            to.0.hand_on(as_recorded(state, recorded, keep.state.decode)?);
            (json, refers, true)
        }
    };
    Ok(Done::Kept(Box::new(KeptValue {
        shared,
        json,
        refers,
        again,
    })))
}

/// Places what a turn handed on, or what the last one gave, as it was recorded.
///
/// # Errors
/// If it is not what the step gives by now.
pub fn restore_turn<T: Turn, P: Put<T::Out>>(
    cx: &Cx,
    json: &str,
    keep: KeepTurn<T>,
    to: Turning<'_, P>,
) -> Restored {
    if cx.turn() > 0 {
        to.0.hand_on((keep.state.decode)(json)?);
    } else {
        to.1.put((keep.out.decode)(json)?);
    }
    Ok(())
}
