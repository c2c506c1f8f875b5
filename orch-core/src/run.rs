//! Runs: their ids, their events and their progress.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[cfg(feature = "serde")]
use serde::{Serialize, Serializer};

use crate::error::NodeError;
use crate::schedule::Status;

/// A run's id: a UUID of version 7, so that ids sort by the time they were given, or what the caller chose.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(Arc<str>);

impl RunId {
    /// An id of this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(feature = "serde")]
impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RunStatus {
    /// It has not begun, or is to go on as soon as there is room for it.
    Queued,
    /// It is under way.
    Running,
    /// All that it could do by itself is done: it waits for a time, a signal or a decision.
    Waiting,
    /// An operator paused it.
    Paused,
    /// What was recorded of it does not fit its workflow as it is now, so that it cannot go on.
    Parked,
    /// It gave its result.
    Completed,
    /// A failure was not consumed.
    Failed,
    /// A step panicked and nothing consumed that.
    Panicked,
    /// Its deadline passed.
    TimedOut,
    /// It was cancelled.
    Cancelled,
}

impl RunStatus {
    /// Every status, in the order of declaration.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Paused,
        Self::Parked,
        Self::Completed,
        Self::Failed,
        Self::Panicked,
        Self::TimedOut,
        Self::Cancelled,
    ];

    /// The status of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether the run has ended.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Panicked | Self::TimedOut | Self::Cancelled
        )
    }

    /// The status in one word, as metrics and events carry it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Parked => "parked",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Something that happened in a run.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct RunEvent {
    /// Counts a run's events from 1: what orders them, whatever the clock says.
    pub seq: u64,
    /// The time, for people to read.
    pub at: SystemTime,
    /// The run.
    pub run: RunId,
    /// What ties this run to others and to the caller's own logs.
    pub correlation_id: Arc<str>,
    /// The workflow's name.
    pub workflow: &'static str,
    /// What happened.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub kind: RunEventKind,
}

/// What happened.
#[derive(Debug, Clone)]
#[cfg_attr(
    feature = "serde",
    derive(Serialize),
    serde(tag = "event", rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum RunEventKind {
    /// The run began.
    RunStarted,
    /// A node's first attempt began.
    NodeStarted {
        /// The node's path.
        node: Arc<str>,
        /// Which item of each fan-out around it.
        items: Vec<usize>,
    },
    /// An attempt failed.
    AttemptFailed {
        /// What it failed with.
        error: NodeError,
        /// The wait before the next attempt; `None` where there is none.
        retry_in: Option<Duration>,
    },
    /// A fallback chain went on to its next tier.
    FellBack {
        /// The node's path.
        node: Arc<str>,
        /// The tier that is called next, counted from 0.
        tier: usize,
    },
    /// A node with `notify_human` failed for good: its attempts are used up, and its fallbacks as well. Told once.
    HumanAttention {
        /// What it failed with.
        error: NodeError,
    },
    /// A node failed with an error that pauses its run until somebody resumes it.
    RunPaused {
        /// What it failed with.
        error: NodeError,
    },
    /// A call failed for good, and the last good value of the cache was given in its place.
    Degraded {
        /// The node's path.
        node: Arc<str>,
        /// Which item of each fan-out around it.
        items: Vec<usize>,
        /// How old that value is.
        age: Duration,
        /// What the call failed with.
        error: NodeError,
    },
    /// A node ended.
    NodeEnded {
        /// The node's path.
        node: Arc<str>,
        /// Which item of each fan-out around it.
        items: Vec<usize>,
        /// How it ended.
        status: Status,
        /// How long it ran, with waits and retries; zero where it never ran.
        duration: Duration,
        /// What it failed with, if it did.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
        error: Option<NodeError>,
    },
    /// Nothing of a durable run has gone on for too long, and it does not wait on purpose. Told once for each standstill.
    RunStuck {
        /// The call that has been under way for longest, by its node's path and its items: `parcels/pack/3`; `None` where
        /// none is.
        node: Option<Arc<str>>,
        /// Since when that has been under way, or nothing has gone on.
        since: SystemTime,
        /// What it waits for, in words.
        waits_for: String,
    },
    /// The run ended.
    RunEnded {
        /// How it ended.
        status: RunStatus,
        /// How long it took.
        duration: Duration,
    },
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct Progress {
    /// The run's id.
    pub execution_id: RunId,
    /// The workflow's name.
    pub workflow_id: &'static str,
    /// When it began.
    pub start_time: SystemTime,
    /// The node that started last; `None` before the first.
    pub current_step: Option<Arc<str>>,
    /// How many nodes have ended.
    pub completed_steps: u64,
    /// How many nodes there are, as far as is known: a fan-out adds its items' when it starts, and a branch its arm's.
    pub total_steps: u64,
    /// How much of the run is done, from 0 to 100; it never falls, and is 100 only when the run has completed.
    ///
    /// The workflow's nodes count alike, whatever is inside them, and what is inside a node shares what the node counts:
    /// of two nodes, a fan-out of four items is half of the run, and each item an eighth.
    pub percentage: f64,
}
