//! What went wrong in a node.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::sync::Arc;

#[cfg(feature = "serde")]
use serde::{Serialize, Serializer};

use super::Cause;
use crate::run::RunId;

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
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
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
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
    pub(super) fn brief(&self) -> String {
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

    /// The step's error, if the step returned one and it is an `E`: of the workflow's error type, or [`AnyError`](super::AnyError).
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
        self.0.cause.as_ref()?.source()
    }
}

#[cfg(feature = "serde")]
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
