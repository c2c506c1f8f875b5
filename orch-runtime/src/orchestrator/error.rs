//! Why something could not be asked of a run.

use std::error::Error;
use std::fmt;

use orch_core::run::{RunId, RunStatus};

#[cfg(feature = "durable")]
use crate::store::Refused;
#[cfg(feature = "durable")]
use crate::store::journal::JournalError;

/// Why something could not be asked of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SteerError {
    /// There is no such run.
    NoRun {
        /// The id.
        run: RunId,
    },
    /// The run is inside another one, and is steered with that.
    Inside {
        /// The run.
        run: RunId,
        /// The run around it.
        outermost: RunId,
    },
    /// The run has ended, and what was asked wants one that has not.
    Ended {
        /// The run.
        run: RunId,
        /// How it ended.
        status: RunStatus,
    },
    /// The run has not ended, and what was asked wants one that has.
    NotEnded {
        /// The run.
        run: RunId,
        /// How it stands.
        status: RunStatus,
    },
    /// The run has no such node, or nothing of that kind is to be asked of it.
    Node {
        /// The node.
        node: String,
        /// What is wrong with it.
        reason: String,
    },
    /// This somebody may not decide.
    NotAllowed {
        /// Who.
        by: String,
        /// Who may.
        approvers: Vec<&'static str>,
    },
    /// A value does not serialize, or is not of the type that is wanted.
    Value {
        /// Why.
        reason: String,
    },
    /// Nobody holds the run.
    NotHeld {
        /// The run.
        run: RunId,
    },
    /// The run's workflow is not registered here.
    NotRegistered {
        /// The workflow.
        workflow: String,
    },
    /// The store failed.
    Store {
        /// Why.
        reason: String,
    },
}

impl SteerError {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRun { .. } => "no_run",
            Self::Inside { .. } => "inside",
            Self::Ended { .. } => "ended",
            Self::NotEnded { .. } => "not_ended",
            Self::Node { .. } => "node",
            Self::NotAllowed { .. } => "not_allowed",
            Self::Value { .. } => "value",
            Self::NotHeld { .. } => "not_held",
            Self::NotRegistered { .. } => "not_registered",
            Self::Store { .. } => "store",
        }
    }

    #[cfg(feature = "durable")]
    pub(super) fn of(run: &RunId, error: &JournalError) -> Self {
        let run = run.clone();
        match error {
            JournalError::Refused(Refused::NoRun(_) | Refused::NoRunOf(_)) => Self::NoRun { run },
            JournalError::Refused(Refused::Ended(status)) => Self::Ended {
                run,
                status: *status,
            },
            JournalError::Refused(Refused::NotEnded(status)) => Self::NotEnded {
                run,
                status: *status,
            },
            error => Self::store(error),
        }
    }

    pub(super) fn store(error: &dyn Error) -> Self {
        Self::Store {
            reason: error.to_string(),
        }
    }

    pub(super) fn value(error: &dyn Error) -> Self {
        Self::Value {
            reason: error.to_string(),
        }
    }

    pub(super) fn node(node: &str, reason: &str) -> Self {
        Self::Node {
            node: node.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

impl fmt::Display for SteerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRun { run } => write!(f, "there is no run {run}"),
            Self::Inside { run, outermost } => write!(
                f,
                "run {run} is inside run {outermost}, and is steered with that: name {outermost}"
            ),
            Self::Ended { run, status } => {
                write!(f, "run {run} has ended: it is {}", status.as_str())
            }
            Self::NotEnded { run, status } => {
                write!(f, "run {run} has not ended: it is {}", status.as_str())
            }
            Self::Node { node, reason } => write!(f, "node `{node}` {reason}"),
            Self::NotAllowed { by, approvers } => {
                write!(f, "{by} may not decide: {} may", approvers.join(", "))
            }
            Self::Value { reason } => write!(f, "the value does not fit: {reason}"),
            Self::NotHeld { run } => write!(f, "nobody holds run {run}"),
            Self::NotRegistered { workflow } => write!(
                f,
                "workflow `{workflow}` is not registered with this orchestrator"
            ),
            Self::Store { reason } => write!(f, "the store failed: {reason}"),
        }
    }
}

impl Error for SteerError {}
