//! What went wrong in a run.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::marker::PhantomData;

use super::{AnyError, ErrorKind, NodeError};
use crate::run::{RunId, RunStatus};

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
