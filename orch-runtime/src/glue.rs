//! What generated node functions call.

use std::any::Any;
use std::error::Error;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orch_core::error::{BoxError, Cause, NodeError, RunError};
use orch_core::plan::NodeSpec;
use orch_core::policy::{Policies, Retry};
use orch_core::run::RunId;

use crate::artifact::{Blob, recording};
use crate::ctx::{Cx, Mode};
use crate::engine::frame::Role;
use crate::engine::{execute_observed, journaled, status_of};
use crate::json;
use crate::program::{Done, Items, Thrown, ThrownError, Workflow};
use crate::slots::{OutputOf, Put, Take, Taker};
use crate::step::{
    Bounded, Called, CalledOf, Computed, Fallible, Infallible, Needs as _, Never, Resource,
    Returned, Step,
};

/// How a step's error becomes its workflow's.
#[diagnostic::on_unimplemented(
    message = "`{E}` cannot become `{W}`, the error of this workflow",
    label = "fails with `{E}`",
    note = "implement `From<{E}> for {W}`, or consume the failure: `.or_else(…)`, `.outcome()`, `#[node(optional)]`"
)]
pub trait Raises<E, W> {
    /// Converts it.
    fn raise(error: E) -> W;
}

#[diagnostic::do_not_recommend]
impl<E: Into<W>, W> Raises<E, W> for Fallible {
    fn raise(error: E) -> W {
        error.into()
    }
}

#[diagnostic::do_not_recommend]
impl<W> Raises<Never, W> for Infallible {
    fn raise(error: Never) -> W {
        match error {}
    }
}

#[diagnostic::do_not_recommend]
impl<W> Raises<Never, W> for Bounded {
    fn raise(error: Never) -> W {
        match error {}
    }
}

/// How a step's error becomes a boxed one, where nobody asks for its type.
#[diagnostic::on_unimplemented(
    message = "`{E}` is not an error that a workflow can report",
    label = "fails with `{E}`",
    note = "implement `std::error::Error` for it (`Send + Sync + 'static`)"
)]
pub trait RaisesAny<E> {
    /// Converts it.
    fn raise(error: E) -> BoxError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> RaisesAny<E> for Fallible {
    fn raise(error: E) -> BoxError {
        error.into()
    }
}

#[diagnostic::do_not_recommend]
impl RaisesAny<Never> for Infallible {
    fn raise(error: Never) -> BoxError {
        match error {}
    }
}

#[diagnostic::do_not_recommend]
impl RaisesAny<Never> for Bounded {
    fn raise(error: Never) -> BoxError {
        match error {}
    }
}

/// A step that can fail, so that a fallback can be reached.
#[diagnostic::on_unimplemented(
    message = "this fallback is never reached: the step before it cannot fail",
    label = "dead",
    note = "remove `.or_else(…)`, let the step return a `Result`, or give it a `timeout`"
)]
pub trait CanFail {}

impl CanFail for Fallible {}

impl CanFail for Bounded {}

/// Checks that a fallback after `S` can be reached.
pub const fn fallback_is_reached<S: Step>()
where
    S::Kind: CanFail,
{
}

/// What a plan says of a node that calls `S` and reads these nodes.
#[must_use]
pub const fn calls<S: Step>(name: &'static str, reads: &'static [usize]) -> NodeSpec {
    NodeSpec::new(name, S::CALL).reading(reads)
}

/// Checks that what a step may take fits into its workflow's deadline.
///
/// # Panics
/// While the workflow is compiled, if it does not.
#[track_caller]
pub const fn fits<S: Step>(node: Policies, deadline: Duration) {
    let policies = node.over(S::SPEC.policies);
    if let Some(timeout) = policies.timeout
        && timeout.as_nanos() > deadline.as_nanos()
    {
        panic!("the timeout of this step is longer than the deadline of its workflow");
    }
    if let Some(limit) = policies.deadline
        && limit.as_nanos() > deadline.as_nanos()
    {
        panic!("the deadline of this step is longer than the deadline of its workflow");
    }
}

/// Checks that a node's own options suit its step.
///
/// # Panics
/// While the workflow is compiled, if they do not.
#[track_caller]
pub const fn suits<S: Step>(node: Policies) {
    let step = S::SPEC;
    let policies = node.over(step.policies);
    if let (Some(timeout), Some(deadline)) = (policies.timeout, policies.deadline)
        && timeout.as_nanos() > deadline.as_nanos()
    {
        panic!("the timeout of one attempt is longer than the deadline of all attempts together");
    }
    if let Some(retries) = node.retries
        && retries > 0
        && !step.idempotent
    {
        panic!("this step is `idempotent = false`, so that it cannot be retried");
    }
    if node.fallback.is_some() && step.policies.cache.is_none() {
        panic!(
            "this step is not cached, so that there is no last good value: say `cache_ttl` at its `#[step]`, or remove `fallback`"
        );
    }
    if node.cache.is_some() && step.policies.cache.is_none() {
        panic!(
            "this step is not cached: say `cache_ttl` at its `#[step]`, where its arguments and its output are checked; a node can only change it"
        );
    }
}

/// A value of a type, for a witness.
///
/// # Panics
/// Always: nothing calls it.
#[must_use]
pub fn value_of<T>() -> T {
    unreachable!("it is only written for the compiler to read")
}

/// The arm that a witness pretends was taken.
#[must_use]
pub const fn arm() -> usize {
    0
}

/// A decision about an error that a node makes over its step's own.
#[derive(Debug, Clone, Copy)]
pub struct Over<E> {
    /// `#[node(retry_if = …)]`.
    pub retry_if: Option<fn(&E) -> Retry>,
    /// `.or_else(…, when = …)`.
    pub when: Option<fn(&E) -> bool>,
}

impl<E> Over<E> {
    /// Decides nothing; generated code fills in the rest.
    pub const NONE: Self = Self {
        retry_if: None,
        when: None,
    };
}

/// What a call gave, with its node's decisions about its error.
pub fn over<S: Step>(called: impl Returned<S>, over: Over<S::Error>) -> CalledOf<S> {
    match called.called() {
        Called::Error(error, retry) => {
            let retry = over.retry_if.map_or(retry, |decide| decide(&error));
            match over.when {
                Some(when) if !when(&error) => Called::Unfit(error, retry),
                _ => Called::Error(error, retry),
            }
        }
        called => called,
    }
}

/// Ends an attempt: places its value, or says what it failed with.
pub(crate) fn end<S: Step>(
    cx: &Cx,
    called: Called<S::Output, S::Error>,
    raise: impl FnOnce(S::Error) -> Cause,
    put: impl FnOnce(S::Output, Option<Computed>) -> Result<Done, Thrown>,
) -> Result<Done, Thrown> {
    let (error, retry, falls_back) = match called {
        Called::Facts(facts) => return Ok(Done::Facts(facts)),
        Called::Value(value) => {
            let shared = match cx.mode() {
                // It has just been taken from there.
                Mode::Restore(_) => None,
                _ => (S::CACHING.share)(&value).map(|shared| Computed {
                    value: shared,
                    json: cx.stored::<S>(&value),
                    stale_for: None,
                }),
            };
            // What is recorded is undone with what was recorded.
            let keep = S::COMPENSATING.keep.filter(|_| !cx.records());
            return match keep {
                Some(keep) => {
                    let json = recording(|| (keep.encode)(&value));
                    kept_for_undo(cx, json, put(value, shared)?)
                }
                None => put(value, shared),
            };
        }
        Called::Undone(Ok(())) => return Ok(Done::Value),
        Called::Undone(Err((cause, retry))) => {
            return Err(Box::new(ThrownError {
                retry,
                ..ThrownError::of(cause)
            }));
        }
        Called::Error(error, retry) => (error, retry, true),
        Called::Unfit(error, retry) => (error, retry, false),
    };
    Err(Box::new(ThrownError {
        retry,
        falls_back,
        ..ThrownError::of(raise(error))
    }))
}

/// Adds the value that the step is to be undone with.
#[cold]
fn kept_for_undo(
    cx: &Cx,
    (kept, refers): (Result<String, json::Error>, Vec<Blob>),
    done: Done,
) -> Result<Done, Thrown> {
    let json = kept.map_err(|error| {
        ThrownError::of(Cause::any(format!(
            "its output cannot be kept for `compensate`, as it does not serialize to JSON: {error}"
        )))
    })?;
    cx.ctx().frame().run().shelve(refers);
    Ok(done.keeping(json))
}

pub(crate) fn raise_any<S: Step>(error: S::Error) -> Cause
where
    S::Kind: RaisesAny<S::Error>,
{
    Cause::any(<S::Kind as RaisesAny<S::Error>>::raise(error))
}

pub(crate) fn raise_in<W: Workflow, S: Step>(error: S::Error) -> Cause
where
    S::Kind: Raises<S::Error, W::Error>,
{
    let error = <S::Kind as Raises<S::Error, W::Error>>::raise(error);
    Cause::typed(error, W::source)
}

/// Ends an attempt of a step whose failure somebody consumes, or of a workflow without an error type.
#[inline(never)]
pub fn attempted<S: Step>(
    called: impl Returned<S>,
    cx: &Cx,
    slot: impl Put<S::Output>,
) -> Result<Done, Thrown>
where
    S::Kind: RaisesAny<S::Error>,
{
    end::<S>(cx, called.called(), raise_any::<S>, |value, shared| {
        slot.put(value);
        Ok(Done::Value.sharing(shared))
    })
}

/// Ends an attempt of a step whose failure is the workflow's.
#[inline(never)]
pub fn attempted_in<W: Workflow, S: Step>(
    called: impl Returned<S>,
    cx: &Cx,
    slot: impl Put<S::Output>,
) -> Result<Done, Thrown>
where
    S::Kind: Raises<S::Error, W::Error>,
{
    end::<S>(cx, called.called(), raise_in::<W, S>, |value, shared| {
        slot.put(value);
        Ok(Done::Value.sharing(shared))
    })
}

/// What a repeated step gives: whether to go on with a new state or to break with a value.
#[diagnostic::on_unimplemented(
    message = "`.repeat(…)` wants a step that gives `ControlFlow<Out, State>`, not `{Self}`",
    label = "not a `ControlFlow`",
    note = "return `ControlFlow::Break(value)` to end, `ControlFlow::Continue(state)` for another turn"
)]
pub trait Turn {
    /// What the last turn gives.
    type Out;
    /// What one turn hands to the next.
    type State: Send + 'static;
    /// As a `ControlFlow`.
    fn turn(self) -> ControlFlow<Self::Out, Self::State>;
}

impl<B, C: Send + 'static> Turn for ControlFlow<B, C> {
    type Out = B;
    type State = C;

    fn turn(self) -> Self {
        self
    }
}

/// What the last turn of a repeated step gives.
pub type OutOf<S> = <OutputOf<S> as Turn>::Out;

/// What the turns of a repeated step hand on.
pub type StateOf<S> = <OutputOf<S> as Turn>::State;

/// The state that turns hand on, whose type is that of the step alone.
#[derive(Debug, Default)]
pub struct TurnState(Mutex<Option<Box<dyn Any + Send>>>);

impl TurnState {
    pub(crate) fn hand_on<T: Send + 'static>(&self, state: T) {
        *self.lock() = Some(Box::new(Some(state)));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn Any + Send>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a repeated step takes, where each turn hands an `S` to the next.
#[diagnostic::on_unimplemented(
    message = "each turn hands `{S}` to the next, and the step takes `{Self}`",
    label = "a `{S}` from the second turn on",
    note = "a repeated step takes what its `ControlFlow::Continue` carries"
)]
pub trait HandedOn<S> {
    /// The state.
    fn handed_on(state: S) -> Self;
}

#[diagnostic::do_not_recommend]
impl<S> HandedOn<S> for S {
    fn handed_on(state: S) -> Self {
        state
    }
}

/// The state of this turn of `S`; `first` gives the first one's.
pub fn next<R: Taker, S: Step, T>(state: &TurnState, cx: &Cx, first: impl FnOnce() -> T) -> T
where
    S::Output: Turn,
    R::How: Take<StateOf<S>>,
    T: HandedOn<StateOf<S>>,
{
    if cx.turn() == 0 {
        return first();
    }
    let mut state = state.lock();
    let state = state.as_mut().and_then(|state| state.downcast_mut());
    match state.and_then(R::How::take) {
        Some(state) => T::handed_on(state),
        None => first(),
    }
}

/// Where a turn's result goes: on to the next turn, or into the node's slot.
#[derive(Debug)]
pub struct Turning<'a, P>(pub &'a TurnState, pub P);

/// Ends a turn of a repeated step whose failure somebody consumes, or of a workflow without an error type.
pub fn turned<S: Step, P>(
    called: impl Returned<S>,
    cx: &Cx,
    to: Turning<'_, P>,
) -> Result<Done, Thrown>
where
    S::Kind: RaisesAny<S::Error>,
    S::Output: Turn,
    P: Put<OutOf<S>>,
{
    end::<S>(cx, called.called(), raise_any::<S>, |value, shared| {
        Ok(hand_on(value, &to).sharing(shared))
    })
}

/// Ends a turn of a repeated step whose failure is the workflow's.
pub fn turned_in<W: Workflow, S: Step, P>(
    called: impl Returned<S>,
    cx: &Cx,
    to: Turning<'_, P>,
) -> Result<Done, Thrown>
where
    S::Kind: Raises<S::Error, W::Error>,
    S::Output: Turn,
    P: Put<OutOf<S>>,
{
    end::<S>(cx, called.called(), raise_in::<W, S>, |value, shared| {
        Ok(hand_on(value, &to).sharing(shared))
    })
}

fn hand_on<T: Turn, P: Put<T::Out>>(value: T, to: &Turning<'_, P>) -> Done {
    match value.turn() {
        ControlFlow::Break(out) => {
            to.1.put(out);
            Done::Value
        }
        ControlFlow::Continue(state) => {
            to.0.hand_on(state);
            Done::Again
        }
    }
}

/// Runs a workflow inside another one's node.
// Said to be `Send`, so that it is proved here once and not by the compiler of each workflow.
pub fn child<W: Workflow>(
    cx: &Cx,
    input: W::Input,
) -> impl Future<Output = Called<W::Output, RunError<W::Error>>> + Send {
    let parent = cx.ctx().frame().run();
    // The same id whenever the node is attempted, so that keys derived from it stay the same too.
    let id = RunId::new(cx.ctx().idempotency_key());
    let journal = journaled::child::<W>(cx, &id);
    let mut run = parent.services.clone().child_run(W::program(), id, parent);
    run.journal = journal;
    let run = Arc::new(run);
    async move {
        // Whatever this run waits for, the one around it waits for.
        let around = run.journal.as_ref().and(parent.journal.as_ref());
        let _waits = around.map(|record| record.wait(None));
        let record = run.journal.as_ref().zip(around);
        if let Some((record, around)) = record {
            record.child_begins(around, W::program().spec);
        }
        let result = execute_observed::<W>(Arc::clone(&run), input, Some(parent)).await;
        if let Some((record, _)) = record {
            record.child_ended(status_of(&result));
        }
        match result {
            Ok(output) => Called::Value(output),
            Err(error) => Called::Error(error, Retry::Yes),
        }
    }
}

/// Where an item's one call puts its value: to those of the other items.
#[derive(Debug)]
pub struct Given<'a>(pub &'a Cx);

impl<T: Send + 'static> Put<T> for Given<'_> {
    fn put(&self, value: T) {
        if let Role::Item { fan, idx } = &self.0.ctx().frame().role {
            fan.keep(*idx, value);
        }
    }
}

/// Gathers a fan-out's items into a vector.
pub fn collect<T: Send + 'static, P: Put<Vec<T>>>(
    items: &Items<'_>,
    slot: impl FnOnce() -> P,
    item: impl Fn(&Cx) -> T,
) {
    if let Some(values) = items.gather(item) {
        slot().put(values.whole());
    }
}

/// Gathers a fan-out's items into a vector, with the errors of those that were tolerated.
pub fn collect_results<T: Send + 'static, P: Put<Vec<Result<T, NodeError>>>>(
    items: &Items<'_>,
    slot: impl FnOnce() -> P,
    item: impl Fn(&Cx) -> T,
) {
    if let Some(values) = items.gather(item) {
        slot().put(values.results());
    }
}

/// Adds the resources that a step wants to `list`.
pub fn needs<S: Step>(list: &mut Vec<Resource>) {
    S::Needs::list(list);
}

/// Adds the resources that a workflow inside another wants to `list`.
pub fn needs_inside<W: Workflow>(list: &mut Vec<Resource>) {
    W::needs(list);
}

/// What callers walk as the source of an error.
pub type ErrorSource<'a> = Option<&'a (dyn Error + 'static)>;

/// The source of a workflow's error, found by what the error type can do.
#[derive(Debug)]
pub struct SourceProbe<'a, E>(pub &'a E);

/// The first choice: the error is a standard error.
pub trait SourceOfError<'a> {
    /// The source.
    fn source_of(&self) -> Option<&'a (dyn Error + 'static)>;
}

impl<'a, E: Error + 'static> SourceOfError<'a> for &&SourceProbe<'a, E> {
    fn source_of(&self) -> Option<&'a (dyn Error + 'static)> {
        Some(self.0)
    }
}

/// The second choice: the error lends a standard error, as `anyhow::Error` does.
pub trait SourceOfLent<'a> {
    /// The source.
    fn source_of(&self) -> Option<&'a (dyn Error + 'static)>;
}

impl<'a, E: AsRef<dyn Error + Send + Sync + 'static>> SourceOfLent<'a> for &SourceProbe<'a, E> {
    fn source_of(&self) -> Option<&'a (dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// The last choice: the error has only words.
pub trait SourceOfWords<'a> {
    /// The source.
    fn source_of(&self) -> Option<&'a (dyn Error + 'static)>;
}

impl<'a, E> SourceOfWords<'a> for SourceProbe<'a, E> {
    fn source_of(&self) -> Option<&'a (dyn Error + 'static)> {
        None
    }
}

/// A workflow that does not contain itself, neither itself nor through others.
pub trait ContainsNoCycle {}
