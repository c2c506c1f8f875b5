//! Stores: where durable runs are kept.
//!
//! A [`Store`] is told [`Change`]s in batches and answers questions; it decides nothing about workflows.
//! Every batch is one transaction: all of it is kept, or nothing.
//!
//! # Who owns a run
//!
//! A run that is under way is held by one owner, an orchestrator that [joined](Store::join).
//! Whoever takes a run up gets its [`Held`]: its number and a fencing token, which grows each time the run is
//! taken up, let go of or ended.
//! A change under an older token is [refused](Refused::Fenced), so that a late writer changes nothing.
//!
//! An owner lives as long as its process: a store finds out without asking again and again, and
//! [releases](Change::Release) what a dead one held.
//!
//! # How a run moves
//!
//! | status | held | ready at |
//! |---|---|---|
//! | `queued` | no | when it may be taken up |
//! | `running` | yes; no once its owner died | when its owner died |
//! | `waiting` | no | when its next wait ends, or never: only a signal wakes it |
//! | `paused`, `parked` | no | never, until somebody resumes it |
//! | ended | no | never |
//!
//! A run that was started, released, signalled or rewound is ready *at once*: no clock is asked whether it may be
//! taken up, so that one set back keeps nothing waiting.
//! Only the time of [`Change::Suspend`] is compared with the clock.
//!
//! # Who goes first
//!
//! Of the runs that are ready, those with the lowest rank are taken up first: when they became ready, less
//! [`AGEING`] for each point of their priority; of the same rank, those that were started first.

use std::fmt;
use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};

mod change;
#[cfg(any(test, feature = "testing"))]
mod conformance;
mod error;
pub mod journal;
#[cfg(any(test, feature = "testing"))]
mod memory;
mod record;
#[cfg(any(test, feature = "testing", feature = "sqlite"))]
mod rules;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use self::change::{Applied, AtMost, Change, Crowded, NewArtifact, NewRun};
#[cfg(any(test, feature = "testing"))]
pub use self::conformance::conformance;
pub use self::error::{Refused, StoreError, StoreErrorKind};
#[cfg(any(test, feature = "testing"))]
pub use self::memory::Memory;
pub use self::record::{Entry, EntryKind, Filter, History, RunRecord};
#[cfg(feature = "sqlite")]
pub use self::sqlite::{Sqlite, SqliteOptions, Synchronous};
pub use crate::durable::{Json, Millis, SignalRecord};

/// How far a point of priority puts a run ahead, in milliseconds: one of priority 100 goes before those of
/// priority 0 that have waited up to ten minutes longer.
///
/// Priorities age by this alone: nothing has to be computed again while runs wait.
pub const AGEING: Millis = 6_000;

/// A run's number in its store: ascending in the order in which runs were started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunKey(pub i64);

/// An owner's number in its store; none is ever given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerId(pub i64);

/// The right to change a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held {
    /// The run.
    pub run: RunKey,
    /// The fencing token: it grows each time the run is taken up.
    pub fence: i64,
}

/// What a store calls, from any thread and without waiting for it, when something may be there for this owner.
pub type Wake = Arc<dyn Fn(Woken) + Send + Sync>;

/// Why an owner is woken. A hint: what is true is in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// This run got a signal.
    Signal(RunKey),
    /// This run, which somebody else held, has ended or was parked.
    Over(RunKey),
    /// Runs may have become ready: one was queued, woken or released.
    Ready,
    /// Hints may have been lost: anything may be there.
    Anything,
}

/// Where durable runs are kept.
///
/// Calls block; the runtime makes them on threads that may.
/// Whatever implements it should pass the checks of `conformance`, which the feature `testing` adds.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Joins as an owner, whose process this is, until the store is dropped or [left](Self::leave).
    ///
    /// What owners held that are dead by now is released.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    fn join(&self, wake: Wake) -> Result<OwnerId, StoreError>;

    /// Leaves: what the owner still holds is released.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn leave(&self, owner: OwnerId) -> Result<(), StoreError>;

    /// Applies changes in their order, in one transaction, and answers each.
    ///
    /// A change that is refused changes nothing and leaves the others as they are.
    /// When this returns, what it applied survives what the store promises to survive.
    ///
    /// # Errors
    /// If the transaction could not be committed; then nothing of it was applied.
    fn commit(&self, changes: &[Change]) -> Result<Vec<Result<Applied, Refused>>, StoreError>;

    /// Applies changes as [`commit`](Self::commit) does, and in the same transaction those that come meanwhile: `more`
    /// adds them at the end, and says whether it is to be asked again.
    ///
    /// # Errors
    /// If the transaction could not be committed; then nothing of it was applied.
    fn commit_with(
        &self,
        changes: &mut Vec<Change>,
        more: &mut dyn FnMut(&mut Vec<Change>) -> bool,
    ) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
        while more(changes) {}
        self.commit(changes)
    }

    /// A run by its id.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn find(&self, id: &RunId) -> Result<Option<RunRecord>, StoreError>;

    /// A run with all that was recorded of it.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn load(&self, run: RunKey) -> Result<Option<History>, StoreError>;

    /// The signals of a run numbered above `after`, in order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn signals(&self, run: RunKey, after: i64) -> Result<Vec<SignalRecord>, StoreError>;

    /// The runs that a filter asks for, the latest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn list(&self, filter: &Filter) -> Result<Vec<RunRecord>, StoreError>;

    /// When the next run that [`Change::TakeUp`] would find is ready, of these workflows, each with how many of its
    /// runs may be held at once; `None` if none ever is by itself, and 0 if one is ready at once.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn next_ready(&self, workflows: &[(String, Option<u32>)])
    -> Result<Option<Millis>, StoreError>;

    /// When the first of the runs ended that [`Change::Prune`] may forget and that are of this status: of those that
    /// ended at `since` or later.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn first_ended(&self, status: RunStatus, since: Millis) -> Result<Option<Millis>, StoreError>;

    /// The value kept in a space under a key, unless it has expired by `now`.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn get(&self, space: &str, key: &str, now: Millis) -> Result<Option<Json>, StoreError>;

    /// All keys and values of a space that have not expired by `now`, by key.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn scan(&self, space: &str, now: Millis) -> Result<Vec<(String, Json)>, StoreError>;

    /// The content of an artifact, by its digest.
    ///
    /// # Errors
    /// If the store cannot be read, or what it has is not of this digest.
    fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError>;
}
