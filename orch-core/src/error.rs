//! What went wrong: in a node ([`NodeError`]) and in a run ([`RunError`]).

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::run::{RunId, RunStatus};

/// A boxed error, as everything that fails a step converts into.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Any error at all: what the steps of a workflow fail with that declares no error type of its own.
///
/// It shows, and is the source of, just what the error inside shows and has.
pub struct AnyError(BoxError);

impl AnyError {
    /// Wraps an error.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }

    /// The error inside, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }

    /// The error inside.
    #[must_use]
    pub fn inner(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl Display for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl Debug for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

impl Error for AnyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// How an error type gives the error that callers walk as `source()`.
pub type SourceOf<E> = fn(&E) -> Option<&(dyn Error + 'static)>;

trait Value: Send + Sync {
    fn any(&self) -> &dyn Any;
    fn debug(&self) -> &dyn Debug;
    fn source(&self) -> Option<&(dyn Error + 'static)>;
}

struct Typed<E> {
    error: E,
    source: SourceOf<E>,
}

impl<E: Display + Debug + Send + Sync + 'static> Value for Typed<E> {
    fn any(&self) -> &dyn Any {
        &self.error
    }

    fn debug(&self) -> &dyn Debug {
        &self.error
    }

    fn source(&self) -> Option<&(dyn Error + 'static)> {
        (self.source)(&self.error)
    }
}

/// An error value of a type that only its workflow knows.
///
/// It says what it is when it is made, where a panic of its `Display` is still its step's own.
#[derive(Clone)]
pub struct Cause {
    value: Arc<dyn Value>,
    message: Arc<str>,
}

impl Cause {
    /// A cause of a workflow's own error type.
    pub fn typed<E: Display + Debug + Send + Sync + 'static>(
        error: E,
        source: SourceOf<E>,
    ) -> Self {
        let message = error.to_string().into();
        let value = Arc::new(Typed { error, source });
        Self { value, message }
    }

    /// A cause of any type.
    pub fn any(error: impl Into<BoxError>) -> Self {
        Self::typed(AnyError::new(error), |error| Some(error.inner()))
    }

    /// The error, if it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: 'static>(&self) -> Option<&E> {
        self.value.any().downcast_ref()
    }
}

impl Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.value.debug(), f)
    }
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The step returned an error.
    Failed,
    /// The step panicked.
    Panicked,
    /// An attempt took longer than the step's `timeout`.
    TimedOut,
    /// All attempts together took longer than the step's `deadline`.
    DeadlineExceeded,
    /// The step's circuit breaker was open.
    BreakerOpen,
    /// The call weighs more than its rate limit can ever grant.
    RateLimitImpossible,
    /// The step was stopped while it ran.
    Cancelled,
    /// A resource that the step wants was not given to the orchestrator.
    MissingResource,
    /// The step's cache key could not be computed from its arguments.
    CacheKey,
    /// A repeated step did not break within its `max` turns.
    TooManyTurns,
    /// More items of a fan-out failed than it tolerates.
    TooManyFailures,
    /// A fan-out has more items than it may.
    TooManyItems,
    /// What the result needs never ran.
    NoValue,
    /// Somebody rejected the node's value at its checkpoint, or nobody decided in time.
    Rejected,
    /// The node's value is larger than the journal takes.
    TooLarge,
}

impl ErrorKind {
    /// The kind of this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 15] = [
        Self::Failed,
        Self::Panicked,
        Self::TimedOut,
        Self::DeadlineExceeded,
        Self::BreakerOpen,
        Self::RateLimitImpossible,
        Self::Cancelled,
        Self::MissingResource,
        Self::CacheKey,
        Self::TooManyTurns,
        Self::TooManyFailures,
        Self::TooManyItems,
        Self::NoValue,
        Self::Rejected,
        Self::TooLarge,
    ];

    /// A code that does not change between versions, as metrics and logs carry it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed_out",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::BreakerOpen => "breaker_open",
            Self::RateLimitImpossible => "rate_limit_impossible",
            Self::Cancelled => "cancelled",
            Self::MissingResource => "missing_resource",
            Self::CacheKey => "cache_key",
            Self::TooManyTurns => "too_many_turns",
            Self::TooManyFailures => "too_many_failures",
            Self::TooManyItems => "too_many_items",
            Self::NoValue => "no_value",
            Self::Rejected => "rejected",
            Self::TooLarge => "too_large",
        }
    }
}

/// Where in a run something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The run.
    pub run: RunId,
    /// The workflow's name.
    pub workflow: &'static str,
    /// The node's path: `parcels/pack` is the node `pack` in the body of `parcels`.
    pub node: Arc<str>,
    /// The step's name, or the sub-workflow's.
    pub step: &'static str,
    /// Which item of each fan-out around it, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<usize>,
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node `{}`", self.node)?;
        for item in &self.items {
            write!(f, ", item {item}")?;
        }
        write!(
            f,
            " of workflow `{}` (step `{}`, run {})",
            self.workflow, self.step, self.run
        )
    }
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    place: Place,
    attempt: u32,
    message: String,
    cause: Option<Cause>,
}

/// What a node failed with: where, in which attempt, and why.
///
/// The step's own error is its [`source`](Error::source). Cheap to clone.
#[derive(Clone)]
pub struct NodeError(Arc<Inner>);

impl NodeError {
    /// An error of the engine's own.
    #[must_use]
    pub fn new(kind: ErrorKind, place: Place, attempt: u32, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            place,
            attempt,
            message: message.into(),
            cause: None,
        }))
    }

    /// A step's error.
    #[must_use]
    pub fn caused(place: Place, attempt: u32, cause: Cause) -> Self {
        Self(Arc::new(Inner {
            kind: ErrorKind::Failed,
            place,
            attempt,
            message: cause.to_string(),
            cause: Some(cause),
        }))
    }

    /// An error as it was kept, with the step's own error where that was kept whole.
    #[must_use]
    pub fn kept(
        kind: ErrorKind,
        place: Place,
        attempt: u32,
        message: String,
        cause: Option<Cause>,
    ) -> Self {
        Self(Arc::new(Inner {
            kind,
            place,
            attempt,
            message,
            cause,
        }))
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The kind's code, which does not change between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// Where it happened.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The node's path.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.0.place.node
    }

    /// The step's name.
    #[must_use]
    pub fn step(&self) -> &'static str {
        self.0.place.step
    }

    /// Which attempt failed, counted from 1; 0 where none was made.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// What went wrong and where, for a text that names the run and the workflow already.
    fn brief(&self) -> String {
        use fmt::Write as _;
        let place = self.place();
        let mut text = format!("node `{}`", place.node);
        for item in &place.items {
            // Writing into a `String` cannot fail.
            let _ = write!(text, ", item {item}");
        }
        let _ = write!(text, " (step `{}`) {}", place.step, self.what());
        text
    }

    /// What happened in which attempt, and why.
    fn what(&self) -> String {
        let happened = match self.kind() {
            ErrorKind::Panicked => "panicked",
            ErrorKind::TimedOut => "timed out",
            ErrorKind::Cancelled => "was cancelled",
            _ => "failed",
        };
        match self.attempt() {
            0 => format!("{happened}: {}", self.message()),
            attempt => format!("{happened} in attempt {attempt}: {}", self.message()),
        }
    }

    /// What went wrong, without where.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The step's error, if the step returned one and it is an `E`: of the workflow's error type, or [`AnyError`].
    #[must_use]
    pub fn cause<E: 'static>(&self) -> Option<&E> {
        self.0.cause.as_ref()?.downcast_ref()
    }
}

impl Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place(), self.what())
    }
}

impl Debug for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeError")
            .field("kind", &self.0.kind)
            .field("place", &self.0.place)
            .field("attempt", &self.0.attempt)
            .field("message", &self.0.message)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl Error for NodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_ref()?.value.source()
    }
}

impl Serialize for NodeError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            code: &'static str,
            #[serde(flatten)]
            place: &'a Place,
            attempt: u32,
            message: &'a str,
        }
        Row {
            code: self.code(),
            place: self.place(),
            attempt: self.attempt(),
            message: self.message(),
        }
        .serialize(serializer)
    }
}

/// What a run that gave no value ended with.
///
/// `E` is the workflow's declared error type; [`error`](Self::error) gives it where a step returned one.
///
/// ```
/// # use orch_core::error::RunError;
/// # fn handle(result: Result<u32, RunError<std::num::ParseIntError>>) -> u16 {
/// match result {
///     Ok(_) => 200,
///     Err(error) if error.error().is_some() => 400,
///     Err(RunError::TimedOut(_)) => 504,
///     Err(_) => 500,
/// }
/// # }
/// ```
#[non_exhaustive]
pub enum RunError<E = AnyError> {
    /// A step failed and nothing consumed its failure.
    Failed(Failure<E>),
    /// A step panicked and nothing consumed its failure.
    Panicked(Failure<E>),
    /// The run's deadline passed, or a step's timeout or deadline and nothing consumed that.
    TimedOut(Failure<E>),
    /// The run was cancelled.
    Cancelled(Failure<E>),
    /// The run has not ended, and goes on later or elsewhere: a durable one that was paused, parked or released.
    Interrupted(Failure<E>),
}

/// The facts of a run that gave no value.
pub struct Failure<E> {
    inner: Box<FailureInner>,
    marker: PhantomData<fn() -> E>,
}

#[derive(Debug, Clone)]
struct FailureInner {
    run: RunId,
    workflow: &'static str,
    reason: String,
    errors: Vec<NodeError>,
}

impl<E: 'static> RunError<E> {
    /// A run that was cancelled.
    #[must_use]
    pub fn cancelled(
        run: RunId,
        workflow: &'static str,
        reason: String,
        errors: Vec<NodeError>,
    ) -> Self {
        Self::Cancelled(Failure::new(run, workflow, reason, errors))
    }

    /// A run whose own deadline passed.
    #[must_use]
    pub fn timed_out(
        run: RunId,
        workflow: &'static str,
        reason: String,
        errors: Vec<NodeError>,
    ) -> Self {
        Self::TimedOut(Failure::new(run, workflow, reason, errors))
    }

    /// A run in which these nodes failed, the first one first.
    #[must_use]
    pub fn failed(run: RunId, workflow: &'static str, errors: Vec<NodeError>) -> Self {
        let kind = errors.first().map(NodeError::kind);
        let reason = match errors.as_slice() {
            [] => "no result".to_owned(),
            [only] => only.brief(),
            [first, rest @ ..] => format!("{} (and {} more failed)", first.brief(), rest.len()),
        };
        let failure = Failure::new(run, workflow, reason, errors);
        match kind {
            Some(ErrorKind::Panicked) => Self::Panicked(failure),
            Some(ErrorKind::TimedOut | ErrorKind::DeadlineExceeded) => Self::TimedOut(failure),
            _ => Self::Failed(failure),
        }
    }

    /// A run that has not ended and does not go on here and now.
    #[must_use]
    pub fn interrupted(run: RunId, workflow: &'static str, reason: String) -> Self {
        Self::Interrupted(Failure::new(run, workflow, reason, Vec::new()))
    }

    /// A run that ended with this status, as it was kept.
    #[must_use]
    pub fn kept(
        status: RunStatus,
        run: RunId,
        workflow: &'static str,
        reason: String,
        errors: Vec<NodeError>,
    ) -> Self {
        let failure = Failure::new(run, workflow, reason, errors);
        match status {
            RunStatus::Panicked => Self::Panicked(failure),
            RunStatus::TimedOut => Self::TimedOut(failure),
            RunStatus::Cancelled => Self::Cancelled(failure),
            RunStatus::Failed => Self::Failed(failure),
            _ => Self::Interrupted(failure),
        }
    }

    /// Why, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.failure().inner.reason
    }

    /// How the run stands.
    #[must_use]
    pub const fn status(&self) -> RunStatus {
        match self {
            Self::Failed(_) => RunStatus::Failed,
            Self::Panicked(_) => RunStatus::Panicked,
            Self::TimedOut(_) => RunStatus::TimedOut,
            Self::Cancelled(_) => RunStatus::Cancelled,
            Self::Interrupted(_) => RunStatus::Running,
        }
    }

    fn failure(&self) -> &Failure<E> {
        match self {
            Self::Failed(failure)
            | Self::Panicked(failure)
            | Self::TimedOut(failure)
            | Self::Cancelled(failure)
            | Self::Interrupted(failure) => failure,
        }
    }

    /// The workflow's own error, where a failed step returned one.
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        self.failure().error()
    }

    /// Every node that failed, the first one first.
    #[must_use]
    pub fn failures(&self) -> &[NodeError] {
        &self.failure().inner.errors
    }

    /// The run.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.failure().inner.run
    }

    /// The workflow's name.
    #[must_use]
    pub fn workflow(&self) -> &'static str {
        self.failure().inner.workflow
    }

    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Panicked(_) => "panicked",
            Self::TimedOut(_) => "timed_out",
            Self::Cancelled(_) => "cancelled",
            Self::Interrupted(_) => "interrupted",
        }
    }

    /// Whether the run was cancelled.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled(_))
    }

    /// Whether a deadline or a timeout passed.
    #[must_use]
    pub const fn is_timed_out(&self) -> bool {
        matches!(self, Self::TimedOut(_))
    }
}

impl<E: 'static> Failure<E> {
    fn new(run: RunId, workflow: &'static str, reason: String, errors: Vec<NodeError>) -> Self {
        Self {
            inner: Box::new(FailureInner {
                run,
                workflow,
                reason,
                errors,
            }),
            marker: PhantomData,
        }
    }

    /// The workflow's own error, where a failed step returned one.
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        self.inner.errors.iter().find_map(NodeError::cause)
    }

    /// Every node that failed, the first one first.
    #[must_use]
    pub fn errors(&self) -> &[NodeError] {
        &self.inner.errors
    }
}

impl<E> Clone for Failure<E> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            marker: PhantomData,
        }
    }
}

impl<E> Clone for RunError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(failure) => Self::Failed(failure.clone()),
            Self::Panicked(failure) => Self::Panicked(failure.clone()),
            Self::TimedOut(failure) => Self::TimedOut(failure.clone()),
            Self::Cancelled(failure) => Self::Cancelled(failure.clone()),
            Self::Interrupted(failure) => Self::Interrupted(failure.clone()),
        }
    }
}

impl<E> Debug for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.inner, f)
    }
}

impl<E> Debug for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, failure) = match self {
            Self::Failed(failure) => ("Failed", failure),
            Self::Panicked(failure) => ("Panicked", failure),
            Self::TimedOut(failure) => ("TimedOut", failure),
            Self::Cancelled(failure) => ("Cancelled", failure),
            Self::Interrupted(failure) => ("Interrupted", failure),
        };
        f.debug_tuple(name).field(failure).finish()
    }
}

impl<E> Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, inner) = match self {
            Self::Failed(failure) => ("failed", &failure.inner),
            Self::Panicked(failure) => ("panicked", &failure.inner),
            Self::TimedOut(failure) => ("timed out", &failure.inner),
            Self::Cancelled(failure) => ("was cancelled", &failure.inner),
            Self::Interrupted(failure) => ("was interrupted", &failure.inner),
        };
        write!(
            f,
            "run {} of workflow `{}` {what}: {}",
            inner.run, inner.workflow, inner.reason
        )
    }
}

impl<E: 'static> Error for RunError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures().first().map(|error| error as _)
    }
}
