//! What `#[step]` implements and what its generated code calls.

mod returned;

use std::any::Any;
#[doc(hidden)]
pub use std::future::Future;
#[doc(hidden)]
pub use std::marker::{Send, Sync};
#[doc(hidden)]
pub use std::ops::Fn;
#[doc(hidden)]
pub use std::option::Option::{self, None, Some};
use std::sync::Arc;
#[doc(hidden)]
pub use std::time::Duration;

use orch_core::plan::{Callee, NodeKind, StepSpec};
use orch_core::policy::Retry;

#[doc(hidden)]
pub use self::returned::{Reads, ResultOf, Returned};
#[cfg(feature = "cache")]
use crate::digest::digest;
use crate::durable::{Compensating, Json, Keep, UndoneResult};
use crate::json;

/// A step, as `#[step]` implements it for the hidden struct beside the function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a step",
    label = "not a step",
    note = "put `#[step]` on the function"
)]
pub trait Step {
    /// What the step gives: the `T` of a `Result<T, E>`.
    type Output: StepOutput;
    /// What it fails with; [`Never`] where the function is infallible.
    type Error: 'static;
    /// [`Fallible`] or [`Infallible`].
    type Kind;
    /// Whether its arguments may be asked for more than once: [`Once`] or [`Anew`].
    type Reuse: Reuse;
    /// The resources it wants: `()`, or nested pairs of [`Need`].
    type Needs: Needs;
    /// Its description.
    const SPEC: StepSpec;
    /// What a plan says of a call of it.
    const CALLEE: Callee = Callee::Step(&Self::SPEC);
    /// What a plan says of a node that calls it and nothing else.
    const CALL: NodeKind = NodeKind::Call(&[Self::CALLEE]);

    /// How its output goes into the cache and comes out of it; only a cached step has this.
    const CACHING: Caching<Self::Output> = Caching::NONE;

    /// How its output is kept as JSON, so that the cache can keep it for longer than its process is there; only a cached
    /// step has this, whose output serializes.
    #[must_use]
    fn results() -> Option<Keep<Self::Output>> {
        None
    }

    /// How its output is kept until it may have to be undone; only a step with `compensate` has this.
    const COMPENSATING: Compensating<Self::Output> = Compensating::NONE;
}

/// What a step can give: something that owns its data and that threads can share.
///
/// `Send` and `Sync` are no supertraits: a type that lacks both would be reported twice, in rustc's words.
#[diagnostic::on_unimplemented(
    message = "a step cannot give `{Self}`: threads cannot share it",
    label = "not `Send + Sync`",
    note = "other steps read a step's output wherever they run: give a type that is `Send` and `Sync`"
)]
pub trait StepOutput: 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> StepOutput for T {}

/// A `Result`, under whatever alias.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is called `Result` and is another type",
    label = "not a `std::result::Result`",
    note = "a step fails with the `Err` of a `std::result::Result`: return that, or give the type another name"
)]
pub trait ResultType {
    /// What it gives.
    type Ok;
    /// What it fails with.
    type Err;
}

impl<T, E> ResultType for Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// What a `Result` gives.
pub type OkOf<R> = <R as ResultType>::Ok;

/// What a `Result` fails with.
pub type ErrOf<R> = <R as ResultType>::Err;

/// A value that the cache keeps.
pub type Shared = Arc<dyn Any + Send + Sync>;

/// What was computed for a cache.
pub struct Computed {
    /// The result.
    pub value: Shared,
    /// The same as JSON, if it is to outlive the process.
    pub json: Option<Json>,
    /// For how long it may be given out though it is no longer fresh, if there is nothing better.
    pub stale_for: Option<Duration>,
}

impl std::fmt::Debug for Computed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Computed")
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

impl From<Shared> for Computed {
    fn from(value: Shared) -> Self {
        Self {
            value,
            json: None,
            stale_for: None,
        }
    }
}

/// The error of a step that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Never {}

/// A step that returns a `Result`.
#[derive(Debug)]
pub enum Fallible {}

/// A step that cannot fail by itself.
#[derive(Debug)]
pub enum Infallible {}

/// A step whose function cannot fail and whose timeout or limits can.
#[derive(Debug)]
pub enum Bounded {}

/// How a step takes what a workflow moves into it.
pub trait Reuse: 'static {
    /// Whether an argument may be asked for again.
    const AGAIN: bool;
}

/// Its arguments are asked for once.
#[derive(Debug)]
pub enum Once {}

/// Its arguments are asked for anew for each attempt, or to compute a key.
#[derive(Debug)]
pub enum Anew {}

impl Reuse for Once {
    const AGAIN: bool = false;
}

impl Reuse for Anew {
    const AGAIN: bool = true;
}

/// What a step computes from its arguments before it is attempted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The cache key, without the step's name and version, which the engine puts before it.
    pub cache_key: Option<String>,
    /// Which of its rate limit's buckets the call belongs to.
    pub rate_key: Option<String>,
    /// How much of the rate limit the call uses.
    pub weight: Option<u32>,
}

/// What a call of a step gave.
#[derive(Debug)]
pub enum Called<T, E> {
    /// The step's value.
    Value(T),
    /// The step's error, and whether it is worth another attempt.
    Error(E, Retry),
    /// Like an error, of a kind that the fallback is not there for.
    Unfit(E, Retry),
    /// What was asked for instead of an attempt.
    Facts(Box<Facts>),
    /// The step was undone, which was asked for instead of an attempt, or its undo step failed.
    Undone(UndoneResult),
}

/// What a call of the step `S` gives.
pub type CalledOf<S> = Called<<S as Step>::Output, <S as Step>::Error>;

/// What a step without `retry_if` gave: its errors are worth another attempt.
pub fn called<T, E>(result: Result<T, E>) -> Called<T, E> {
    called_if(result, |_| Retry::Yes)
}

/// What a step with `retry_if` gave.
pub fn called_if<T, E, R: IntoRetry>(
    result: Result<T, E>,
    retry_if: impl FnOnce(&E) -> R,
) -> Called<T, E> {
    match result {
        Ok(value) => Called::Value(value),
        Err(error) => {
            let retry = retry_if(&error).into_retry();
            Called::Error(error, retry)
        }
    }
}

/// Calls a function that blocks its thread on the pool that is there for it.
///
/// # Panics
/// Panics where the function does.
pub async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(call).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The pool refuses work only while the runtime shuts down, which drops this future as well.
            Err(_) => std::future::pending().await,
        },
    }
}

/// What `retry_if` functions return: `bool` or [`Retry`].
#[diagnostic::on_unimplemented(
    message = "a `retry_if` function returns `bool` or `Retry`, not `{Self}`",
    label = "this function does not say whether to retry"
)]
pub trait IntoRetry {
    /// As a decision.
    fn into_retry(self) -> Retry;
}

impl IntoRetry for bool {
    fn into_retry(self) -> Retry {
        self.into()
    }
}

impl IntoRetry for Retry {
    fn into_retry(self) -> Retry {
        self
    }
}

/// The resources that a step or a workflow wants, as a type.
pub trait Needs: 'static {
    /// Adds each resource to `list`.
    fn list(list: &mut Vec<Resource>);
}

/// Wants the resource `R`.
#[derive(Debug)]
pub struct Need<R: ?Sized>(std::marker::PhantomData<fn(&R)>);

/// A resource by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// The type's identity.
    pub id: std::any::TypeId,
    /// The type's name.
    pub name: &'static str,
}

impl Needs for () {
    fn list(_list: &mut Vec<Resource>) {}
}

impl<R: ?Sized + 'static> Needs for Need<R> {
    fn list(list: &mut Vec<Resource>) {
        list.push(Resource {
            id: std::any::TypeId::of::<R>(),
            name: std::any::type_name::<R>(),
        });
    }
}

impl<A: Needs, B: Needs> Needs for (A, B) {
    fn list(list: &mut Vec<Resource>) {
        A::list(list);
        B::list(list);
    }
}

/// Needs nothing, so that it can run without an orchestrator.
pub trait NeedsNothing {}

impl NeedsNothing for () {}

impl<A: NeedsNothing, B: NeedsNothing> NeedsNothing for (A, B) {}

/// A step that needs no resource, so that a workflow of such steps can run without an orchestrator.
#[diagnostic::on_unimplemented(
    message = "this workflow does not run alone: a step in it wants a resource",
    label = "wants a resource",
    note = "give it to an orchestrator and start the workflow there: `Orchestrator::builder().resource(…).build().await?.start(Name, input).await?`"
)]
pub trait StepAlone {}

#[diagnostic::do_not_recommend]
impl<S: Step> StepAlone for S where S::Needs: NeedsNothing {}

/// An argument as part of a cache key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "not `serde::Serialize`",
    note = "derive `serde::Serialize` for it, or name what identifies a call: `cache(key = \"…{{argument}}…\")`"
)]
pub trait KeyPart {
    /// Writes the argument as JSON.
    ///
    /// # Errors
    /// Fails where the value's own `Serialize` does.
    fn write(&self, key: &mut Vec<u8>) -> Result<(), json::Error>;
}

#[diagnostic::do_not_recommend]
#[cfg(feature = "json")]
impl<T: serde::Serialize + ?Sized> KeyPart for T {
    fn write(&self, key: &mut Vec<u8>) -> Result<(), json::Error> {
        serde_json::to_writer(key, self)
    }
}

/// The cache key that a template makes.
#[must_use]
pub fn cache_key(key: std::fmt::Arguments<'_>) -> Option<String> {
    Some(std::fmt::format(key))
}

/// A rate limit's key, as text.
#[must_use]
pub fn rate_key(key: &(impl std::fmt::Display + ?Sized)) -> Option<String> {
    Some(key.to_string())
}

/// How much of a rate limit a call uses: a whole number of any type, cut off at the bounds of `u32`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a weight, which is a whole number",
    label = "not a whole number"
)]
pub trait Weight {
    /// The number.
    fn weight(&self) -> u32;
}

macro_rules! weights {
    ($($number:ty),*) => {$(
        impl Weight for $number {
            fn weight(&self) -> u32 {
                u32::try_from(*self).unwrap_or(if *self > 0 { u32::MAX } else { 0 })
            }
        }
    )*};
}

weights!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
);

impl<T: Weight + ?Sized> Weight for &T {
    fn weight(&self) -> u32 {
        T::weight(self)
    }
}

/// A call's weight.
#[must_use]
pub fn weight(weight: &impl Weight) -> Option<u32> {
    Some(weight.weight())
}

/// An output that the cache can keep and give out again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "not `Clone`",
    note = "a cached step's output is given out again: derive `Clone` for it, or return an `Arc` of it"
)]
pub trait Cacheable: Sized {
    /// Into the cache and out of it.
    const CACHING: Caching<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Cacheable for T {
    const CACHING: Caching<Self> = Caching {
        share: |value| Some(Arc::new(value.clone())),
        restore: |shared| shared.downcast_ref::<T>().cloned(),
    };
}

/// The way of a value into the cache and out of it.
#[derive(Debug)]
pub struct Caching<T> {
    /// `None` where nothing is cached.
    pub(crate) share: fn(&T) -> Option<Shared>,
    /// `None` for a value of another type.
    pub(crate) restore: fn(&Shared) -> Option<T>,
}

/// The way of what a step gives.
pub type CachingOf<S> = Caching<<S as Step>::Output>;

impl<T> Caching<T> {
    /// No way: the value of a step that is not cached.
    pub(crate) const NONE: Self = Self {
        share: |_| None,
        restore: |_| None,
    };
}

/// The cache key of these arguments: a digest of their JSON.
#[cfg(feature = "cache")]
pub fn key_of(parts: &[&dyn KeyPart]) -> Option<String> {
    let mut json = Vec::new();
    for part in parts {
        part.write(&mut json).ok()?;
        json.push(b'\n');
    }
    Some(digest(&json))
}

/// The cache key of these arguments, where there is no cache.
#[cfg(not(feature = "cache"))]
pub fn key_of(_parts: &[&dyn KeyPart]) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_cut_off_at_the_bounds() {
        for (found, expected) in [
            (weight(&7_u8), 7),
            (weight(&&7_usize), 7),
            (weight(&u64::MAX), u32::MAX),
            (weight(&i128::MIN), 0),
            (weight(&-1_i8), 0),
        ] {
            assert_eq!(found, Some(expected));
        }
    }

    #[test]
    fn retry_if_decides_about_errors_alone() {
        let decide = |error: &u8| *error == 1;
        let of = |result: Result<(), u8>| match called_if(result, decide) {
            Called::Value(()) => None,
            Called::Error(_, retry) | Called::Unfit(_, retry) => Some(retry),
            Called::Facts(_) | Called::Undone(_) => Some(Retry::After(Duration::ZERO)),
        };
        assert_eq!(of(Ok(())), None);
        assert_eq!(of(Err(1)), Some(Retry::Yes));
        assert_eq!(of(Err(2)), Some(Retry::No));
        let plain: Called<(), u8> = called(Err(2));
        assert!(matches!(plain, Called::Error(2, Retry::Yes)));
    }

    #[tokio::test]
    async fn blocking_calls_leave_the_thread() {
        let here = std::thread::current().id();
        assert_ne!(blocking(|| std::thread::current().id()).await, here);
    }

    #[tokio::test]
    #[should_panic(expected = "out of stock")]
    async fn a_panic_of_a_blocking_call_goes_on() {
        blocking(|| panic!("out of stock")).await;
    }
}
