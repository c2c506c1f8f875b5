//! What a durable workflow's generated code calls: values as they are recorded, and back.

use std::fmt;
use std::marker::PhantomData;

use orch_core::error::{Cause, ErrorKind};
use orch_core::outcome::Outcome;
use orch_core::policy::Retry;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ctx::Cx;
use crate::glue::{OutOf, StateOf, Turn, Turning, end, raise_any, raise_in};
use crate::glue::{Raises, RaisesAny};
use crate::program::{Done, ItemKey, KeptValue, Restored, Thrown, ThrownError, Workflow};
use crate::slots::Put;
use crate::step::{Called, CalledOf, Shared, Step};

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
    fn encode(&self) -> Result<String, serde_json::Error>;

    /// Back from JSON.
    ///
    /// # Errors
    /// Fails where the value's own `Deserialize` does.
    fn decode(json: &str) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Durable for T {
    fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    fn decode(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}

/// How a workflow's input, result and error are kept.
pub struct Codec<W: Workflow> {
    pub(crate) encode_input: fn(&W::Input) -> Result<String, serde_json::Error>,
    pub(crate) decode_input: fn(&str) -> Result<W::Input, serde_json::Error>,
    pub(crate) encode_output: fn(&W::Output) -> Result<String, serde_json::Error>,
    pub(crate) decode_output: fn(&str) -> Result<W::Output, serde_json::Error>,
    pub(crate) errors: ErrorCodec<W::Error>,
}

impl<W: Workflow> fmt::Debug for Codec<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}

/// How an error is kept: whole, where its type can be, and otherwise in words.
#[derive(Debug)]
pub struct ErrorCodec<E> {
    pub(crate) encode: fn(&E) -> Option<String>,
    pub(crate) decode: fn(&str) -> Option<E>,
}

/// How errors are kept, found by what their type can do: `(&&ErrorProbe::<E>::NEW).codec()`.
#[derive(Debug)]
pub struct ErrorProbe<E>(PhantomData<fn() -> E>);

impl<E> ErrorProbe<E> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

/// The first choice: the error is kept whole.
pub trait WholeErrors<E> {
    /// How it is kept.
    fn codec(&self) -> ErrorCodec<E>;
}

impl<E: Durable> WholeErrors<E> for &ErrorProbe<E> {
    fn codec(&self) -> ErrorCodec<E> {
        ErrorCodec {
            encode: |error| error.encode().ok(),
            decode: |json| E::decode(json).ok(),
        }
    }
}

/// The second choice: the error is kept in words.
pub trait WordedErrors<E> {
    /// How it is kept.
    fn codec(&self) -> ErrorCodec<E>;
}

impl<E> WordedErrors<E> for ErrorProbe<E> {
    fn codec(&self) -> ErrorCodec<E> {
        ErrorCodec {
            encode: |_| None,
            decode: |_| None,
        }
    }
}

/// How the input and the result of a workflow are kept, found by whether they can be.
///
/// [`stored`] says of each type that cannot; with this, nothing else says it again:
/// `(&&CodecProbe::<W>::NEW).codec(errors)`.
#[derive(Debug)]
pub struct CodecProbe<W>(PhantomData<fn() -> W>);

impl<W> CodecProbe<W> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

/// The first choice: all of it can be kept.
pub trait WholeRuns<W: Workflow> {
    /// How it is kept.
    fn codec(&self, errors: ErrorCodec<W::Error>) -> Option<Codec<W>>;
}

impl<W: Workflow> WholeRuns<W> for &CodecProbe<W>
where
    W::Input: Durable,
    W::Output: Durable,
{
    fn codec(&self, errors: ErrorCodec<W::Error>) -> Option<Codec<W>> {
        Some(Codec {
            encode_input: W::Input::encode,
            decode_input: W::Input::decode,
            encode_output: W::Output::encode,
            decode_output: W::Output::decode,
            errors,
        })
    }
}

/// The second choice: something of it cannot, and the workflow does not compile.
pub trait UnkeptRuns<W: Workflow> {
    /// Nothing.
    fn codec(&self, errors: ErrorCodec<W::Error>) -> Option<Codec<W>>;
}

impl<W: Workflow> UnkeptRuns<W> for CodecProbe<W> {
    fn codec(&self, _errors: ErrorCodec<W::Error>) -> Option<Codec<W>> {
        None
    }
}

/// What a durable workflow takes or gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept with a run",
    label = "not `serde::Serialize + serde::de::DeserializeOwned`",
    note = "a durable workflow keeps what it is started with and what it gives: derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Stored {}

#[diagnostic::do_not_recommend]
impl<T: Durable> Stored for T {}

/// Checks that an input or a result can be kept.
pub const fn stored<T: Stored>() {}

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

/// The way of a value into a journal and out of it.
///
/// It asks for [`Durable`] where it is made and nowhere else: generated code makes it wherever it records or restores,
/// and the compiler says the same thing about the same tokens only once.
#[derive(Debug)]
pub struct Keep<T> {
    pub(crate) encode: fn(&T) -> Result<String, serde_json::Error>,
    pub(crate) decode: fn(&str) -> Result<T, serde_json::Error>,
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
    cx: &Cx,
    called: CalledOf<S>,
    keep: Keep<S::Output>,
    slot: impl Put<S::Output>,
) -> Result<Done, Thrown>
where
    S::Kind: RaisesAny<S::Error>,
{
    end::<S>(cx, called, raise_any::<S>, |value, shared| {
        record(cx, value, shared, &keep, &slot)
    })
}

/// Ends an attempt whose value is recorded, of a step whose failure is the workflow's.
#[inline(never)]
pub fn recorded_in<W: Workflow, S: Step>(
    cx: &Cx,
    called: CalledOf<S>,
    keep: Keep<S::Output>,
    slot: impl Put<S::Output>,
) -> Result<Done, Thrown>
where
    S::Kind: Raises<S::Error, W::Error>,
{
    end::<S>(cx, called, raise_in::<W, S>, |value, shared| {
        record(cx, value, shared, &keep, &slot)
    })
}

fn record<T>(
    cx: &Cx,
    value: T,
    shared: Option<Shared>,
    keep: &Keep<T>,
    slot: &impl Put<T>,
) -> Result<Done, Thrown> {
    if !cx.records() {
        slot.put(value);
        return Ok(Done::Value.sharing(shared));
    }
    let json = within_limit(cx, (keep.encode)(&value))?;
    if !cx.withholds() {
        slot.put(value);
    }
    Ok(Done::Kept(Box::new(KeptValue {
        shared,
        json: Some(json),
        again: false,
    })))
}

/// A value as it is recorded, unless that is larger than the journal takes.
fn within_limit(cx: &Cx, json: Result<String, serde_json::Error>) -> Result<String, Thrown> {
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
    cx: &Cx,
    called: CalledOf<S>,
    keep: KeepTurn<S::Output>,
    to: Turning<'_, P>,
) -> Result<Done, Thrown>
where
    S::Kind: RaisesAny<S::Error>,
    S::Output: Turn,
    P: Put<OutOf<S>>,
{
    end::<S>(cx, called, raise_any::<S>, |value, shared| {
        record_turn(cx, value, shared, &keep, &to)
    })
}

/// Ends a turn that is recorded, of a step whose failure is the workflow's.
pub fn turn_recorded_in<W: Workflow, S: Step, P>(
    cx: &Cx,
    called: CalledOf<S>,
    keep: KeepTurn<S::Output>,
    to: Turning<'_, P>,
) -> Result<Done, Thrown>
where
    S::Kind: Raises<S::Error, W::Error>,
    S::Output: Turn,
    P: Put<OutOf<S>>,
{
    end::<S>(cx, called, raise_in::<W, S>, |value, shared| {
        record_turn(cx, value, shared, &keep, &to)
    })
}

fn record_turn<T: Turn, P: Put<T::Out>>(
    cx: &Cx,
    value: T,
    shared: Option<Shared>,
    keep: &KeepTurn<T>,
    to: &Turning<'_, P>,
) -> Result<Done, Thrown> {
    use std::ops::ControlFlow::{Break, Continue};
    let records = cx.records();
    let (json, again) = match value.turn() {
        Break(out) => {
            let json = records
                .then(|| within_limit(cx, (keep.out.encode)(&out)))
                .transpose()?;
            if !(records && cx.withholds()) {
                to.1.put(out);
            }
            (json, false)
        }
        Continue(state) => {
            let json = records
                .then(|| within_limit(cx, (keep.state.encode)(&state)))
                .transpose()?;
            to.0.hand_on(state);
            (json, true)
        }
    };
    Ok(Done::Kept(Box::new(KeptValue {
        shared,
        json,
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

/// What a signal carries.
#[diagnostic::on_unimplemented(
    message = "a signal cannot carry `{Self}`",
    label = "not `serde::Serialize + serde::de::DeserializeOwned`",
    note = "what is sent is kept until the node takes it: derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Carried: Sized {
    /// Back from JSON.
    ///
    /// # Errors
    /// Fails where the value's own `Deserialize` does.
    fn open(json: &str) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Durable> Carried for T {
    fn open(json: &str) -> Result<Self, serde_json::Error> {
        T::decode(json)
    }
}

/// Places what a signal carried.
///
/// # Errors
/// If it is not a `T`.
pub fn received<T: Carried>(json: Option<&str>, slot: impl Put<Option<T>>) -> Restored {
    slot.put(json.map(T::open).transpose()?);
    Ok(())
}

/// What tells an item from others: a digest of it.
///
/// # Errors
/// If it does not serialize to JSON.
pub fn item_digest<T: Digest + ?Sized>(item: &T) -> ItemKey {
    item.digest()
}

/// An item of a durable fan-out without a key.
#[diagnostic::on_unimplemented(
    message = "the items of this `for` cannot be told apart when the run is taken up again: `{Self}` is not `serde::Serialize`",
    label = "not `serde::Serialize`",
    note = "derive `serde::Serialize` for it, or say what tells items apart: `#[node(key = item.id)]`"
)]
pub trait Digest {
    /// A digest of the item.
    ///
    /// # Errors
    /// If it does not serialize to JSON.
    fn digest(&self) -> ItemKey;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> Digest for T {
    fn digest(&self) -> ItemKey {
        use std::fmt::Write as _;
        let json = serde_json::to_vec(self)?;
        let digest = hmac_sha256::Hash::hash(&json);
        let mut text = String::with_capacity(16);
        for byte in &digest[..8] {
            // Writing into a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(text)
    }
}

/// What tells an item from others: what its workflow says.
///
/// # Errors
/// Never; the type is that of [`item_digest`].
pub fn item_key(key: &(impl fmt::Display + ?Sized)) -> ItemKey {
    Ok(key.to_string())
}

/// What an undo step gave.
pub fn undone<S: Step, U: Step>(called: CalledOf<U>) -> CalledOf<S>
where
    U::Kind: RaisesAny<U::Error>,
{
    match called {
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

/// A node of `W` that waits for a signal with a `T`: `Checkout::finance`.
pub struct Signal<W, T> {
    pub(crate) node: &'static str,
    marker: PhantomData<fn() -> (W, T)>,
}

impl<W, T> Signal<W, T> {
    /// The node of this path.
    #[must_use]
    pub const fn new(node: &'static str) -> Self {
        Self {
            node,
            marker: PhantomData,
        }
    }

    /// The node's path.
    #[must_use]
    pub const fn node(&self) -> &'static str {
        self.node
    }
}

impl<W, T> Clone for Signal<W, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, T> Copy for Signal<W, T> {}

impl<W, T> fmt::Debug for Signal<W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signal").field(&self.node).finish()
    }
}
