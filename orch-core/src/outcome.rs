//! How a node ended, as a value that another node can read.

#[cfg(feature = "serde")]
use serde::Serialize;

use crate::error::NodeError;

/// How a node ended: what a name stands for under a trigger rule, in a `finally` node, and after `.outcome()`.
///
/// ```
/// use orch_core::outcome::Outcome;
///
/// fn total(rows: Outcome<&Vec<u32>>) -> u32 {
///     rows.done().map_or(0, |rows| rows.iter().sum())
/// }
/// assert_eq!(total(Outcome::Done(&vec![1, 2])), 3);
/// assert_eq!(total(Outcome::Skipped), 0);
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum Outcome<T> {
    /// It gave this value.
    Done(T),
    /// It failed, or was stopped while it ran.
    Failed(NodeError),
    /// Its rule did not hold, or its branch was not taken.
    Skipped,
    /// It never started: something it needs failed, or the run was stopping.
    Blocked,
    /// It has not ended: the rule was decided without it.
    Pending,
}

impl<T> Outcome<T> {
    /// The value, if there is one.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it gave a value.
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Whether it failed.
    pub const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// What it failed with, if it did.
    pub const fn error(&self) -> Option<&NodeError> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The outcome with its value borrowed.
    pub fn as_ref(&self) -> Outcome<&T> {
        match self {
            Self::Done(value) => Outcome::Done(value),
            Self::Failed(error) => Outcome::Failed(error.clone()),
            Self::Skipped => Outcome::Skipped,
            Self::Blocked => Outcome::Blocked,
            Self::Pending => Outcome::Pending,
        }
    }

    /// The outcome with its value changed.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(change(value)),
            Self::Failed(error) => Outcome::Failed(error),
            Self::Skipped => Outcome::Skipped,
            Self::Blocked => Outcome::Blocked,
            Self::Pending => Outcome::Pending,
        }
    }

    /// The outcome in one lowercase word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
            Self::Skipped => "skipped",
            Self::Blocked => "blocked",
            Self::Pending => "pending",
        }
    }
}

impl<T: Clone> Outcome<&T> {
    /// The outcome with its value cloned.
    pub fn cloned(&self) -> Outcome<T> {
        self.as_ref().map(|value| T::clone(value))
    }
}
