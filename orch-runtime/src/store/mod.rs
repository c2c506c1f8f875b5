//! Stores: where durable runs are kept.
//!
//! A [`Store`] is told [`Change`]s in batches and answers questions; it decides nothing about workflows.
//! Every batch is one transaction: all of it is kept, or nothing.
//!
//! # Who owns a run
//!
//! A run that is under way is held by one owner, an orchestrator that [joined](Store::join).
//! Whoever takes a run up gets its [`Held`]: its number and a fencing token, which grows each time.
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

use std::fmt;
use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};

mod error;

pub use self::error::{Refused, StoreError, StoreErrorKind};

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// A value as JSON text.
pub type Json = String;

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
    /// Runs may have become ready: one was queued, woken or released.
    Ready,
}

/// Where durable runs are kept.
///
/// Calls block; the runtime makes them on threads that may.
/// Whatever implements it should pass [`conformance`](crate::testing).
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

    /// When the next run of one of these workflows that nobody holds is ready; `None` if none ever is by itself.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn next_ready(&self, workflows: &[&str]) -> Result<Option<Millis>, StoreError>;

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
    /// If the store cannot be read.
    fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// A run to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Its workflow's name.
    pub workflow: String,
    /// Its workflow's version.
    pub version: String,
    /// Its workflow's structural fingerprint.
    pub fingerprint: String,
    /// Its input.
    pub input: Json,
    /// What ties it to others, if not its id.
    pub correlation_id: Option<String>,
    /// The run whose node it is.
    pub parent: Option<RunId>,
    /// From 0, the lowest, to 100.
    pub priority: u8,
    /// When it was started.
    pub at: Millis,
    /// When it is out of time.
    pub deadline: Option<Millis>,
    /// Who holds it from the start; `None` queues it.
    pub owner: Option<OwnerId>,
    /// What was recorded of another run that holds for this one: of a fork.
    pub entries: Vec<Entry>,
}

/// Something recorded of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Counts a run's entries from 1.
    pub seq: i64,
    /// The node's path, the items and the turn it is about: `parcels/pack/3`, `poll#2`.
    pub node: String,
    /// What happened.
    pub kind: EntryKind,
    /// The node's value, its error, the arm, the decision: what the kind says.
    pub value: Option<Json>,
    /// The key or the digest of the item it is about, and of those around it.
    pub item: Option<String>,
    /// When, for people to read.
    pub at: Millis,
}

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// An attempt of something that may have to be undone is about to be made.
    Started,
    /// A node gave this value.
    Done,
    /// A node failed with this error.
    Failed,
    /// A turn of a repeated step handed on this state.
    Turn,
    /// A branch took this arm.
    Arm,
    /// A wait ends at this time.
    Wait,
    /// A signal was taken; the value is what it carried, or none once its time was over.
    Received,
    /// Somebody decided about a checkpoint.
    Decided,
    /// Somebody skipped a node.
    Skipped,
    /// A node was undone.
    Undone,
    /// Undoing a node failed.
    UndoFailed,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Started,
        Self::Done,
        Self::Failed,
        Self::Turn,
        Self::Arm,
        Self::Wait,
        Self::Received,
        Self::Decided,
        Self::Skipped,
        Self::Undone,
        Self::UndoFailed,
    ];

    /// The kind in one word, as stores keep it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Turn => "turn",
            Self::Arm => "arm",
            Self::Wait => "wait",
            Self::Received => "received",
            Self::Decided => "decided",
            Self::Skipped => "skipped",
            Self::Undone => "undone",
            Self::UndoFailed => "undo_failed",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A change to what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Keeps a new run; one of its id that is there already stays as it is. Answers [`Applied::Started`].
    Start(Box<NewRun>),
    /// Adds entries to a run.
    Record {
        /// The run.
        held: Held,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// Lets go of a run that cannot go on by itself now, unless signals came meanwhile.
    Suspend {
        /// The run.
        held: Held,
        /// What is recorded along with it.
        entries: Vec<Entry>,
        /// `Queued`, `Waiting`, `Paused` or `Parked`.
        status: RunStatus,
        /// When it is ready again by itself.
        ready_at: Option<Millis>,
        /// The number of the last signal that it knows: with a later one it is not let go of, and
        /// [`Applied::Signalled`] is answered.
        seen: i64,
        /// Why, for people to read.
        reason: Option<String>,
    },
    /// Ends a run.
    End {
        /// The run.
        held: Held,
        /// What is recorded along with it.
        entries: Vec<Entry>,
        /// An ended status.
        status: RunStatus,
        /// Its result.
        output: Option<Json>,
        /// What it failed with.
        error: Option<Json>,
        /// When.
        at: Millis,
    },
    /// Takes up runs that nobody holds and that are ready, by their rank. Answers [`Applied::TakenUp`].
    TakeUp {
        /// For whom.
        owner: OwnerId,
        /// Of these workflows, each with how many of its runs may be held at once, by whomever.
        workflows: Arc<[(String, Option<u32>)]>,
        /// What time it is.
        now: Millis,
        /// At most so many runs.
        limit: usize,
    },
    /// Takes up one run that nobody holds, ready or not. Answers [`Applied::TakenUp`], empty where somebody holds it
    /// or it has ended.
    TakeUpOne {
        /// For whom.
        owner: OwnerId,
        /// The run.
        run: RunKey,
    },
    /// Releases all that an owner holds: it is ready at once.
    Release {
        /// The owner.
        owner: OwnerId,
        /// What time it is.
        now: Millis,
    },
    /// Gives a run that has not ended a signal, and makes it ready unless it is held. Answers [`Applied::Signalled`].
    Signal {
        /// The run.
        run: RunId,
        /// The signal's name; names that begin with `@` are those of operators.
        name: String,
        /// Two signals of one name and event id are one.
        event: Option<String>,
        /// What it carries.
        value: Json,
        /// When.
        at: Millis,
    },
    /// Takes an ended run up again from an earlier point: drops entries and queues it. Refused of one that has not ended.
    Rewind {
        /// The run.
        run: RunKey,
        /// The numbers of the entries that hold no longer.
        drop: Vec<i64>,
        /// What is recorded along with it.
        entries: Vec<Entry>,
        /// What time it is.
        now: Millis,
    },
    /// Forgets an ended run and all that belongs to it alone, children included. Refused of one that has not ended.
    Delete {
        /// The run.
        run: RunKey,
    },
    /// Forgets ended runs of these statuses that ended before a time, at most so many. Answers [`Applied::Pruned`].
    Prune {
        /// The statuses.
        statuses: Vec<RunStatus>,
        /// Before when they ended.
        before: Millis,
        /// At most so many.
        limit: usize,
    },
    /// Keeps a value in a space under a key, in place of the one before.
    Put {
        /// The space: `breaker`, `cache`, `schedule`, `workflow`.
        space: &'static str,
        /// The key.
        key: String,
        /// The value.
        value: Json,
        /// When it expires.
        expires_at: Option<Millis>,
    },
    /// Forgets what is kept in a space under a key.
    Remove {
        /// The space.
        space: &'static str,
        /// The key.
        key: String,
    },
    /// Keeps an artifact for a run: it is collected when no run that it is kept for is left.
    PutArtifact {
        /// The run.
        run: RunKey,
        /// The SHA-256 digest of the content, in hexadecimal.
        digest: String,
        /// The content.
        content: Arc<[u8]>,
    },
}

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Applied {
    /// What it says.
    Done,
    /// The run is kept, or was already.
    Started {
        /// The run.
        held: Held,
        /// Whether it was not there before.
        fresh: bool,
        /// How it stands.
        status: RunStatus,
    },
    /// These runs are held now.
    TakenUp(Vec<Held>),
    /// The run has a signal.
    Signalled {
        /// The run.
        run: RunKey,
        /// Whether no signal of its name and event id was there.
        fresh: bool,
        /// Who holds the run.
        owner: Option<OwnerId>,
    },
    /// So many runs were forgotten.
    Pruned(usize),
}

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its number.
    pub key: RunKey,
    /// Its id.
    pub id: RunId,
    /// Its workflow's name.
    pub workflow: String,
    /// Its workflow's version.
    pub version: String,
    /// Its workflow's structural fingerprint.
    pub fingerprint: String,
    /// How it stands.
    pub status: RunStatus,
    /// Its input.
    pub input: Json,
    /// Its result, once it has one.
    pub output: Option<Json>,
    /// What it failed with, once it has.
    pub error: Option<Json>,
    /// What ties it to others.
    pub correlation_id: String,
    /// The run whose node it is.
    pub parent: Option<RunId>,
    /// From 0, the lowest, to 100.
    pub priority: u8,
    /// Who holds it.
    pub owner: Option<OwnerId>,
    /// Its fencing token.
    pub fence: i64,
    /// When it was started.
    pub started_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// When it is ready to be taken up.
    pub ready_at: Option<Millis>,
    /// When it is out of time.
    pub deadline: Option<Millis>,
    /// Why it is paused or parked.
    pub reason: Option<String>,
}

/// A run with all that was recorded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The run.
    pub run: RunRecord,
    /// What was recorded, in order.
    pub entries: Vec<Entry>,
    /// Its signals, in order.
    pub signals: Vec<SignalRecord>,
}

/// A signal as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalRecord {
    /// Its number: ascending in the order in which signals came, of whichever run.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Its event id.
    pub event: Option<String>,
    /// What it carries.
    pub value: Json,
    /// When it came.
    pub at: Millis,
}

/// Which runs are asked for. The default asks for all, a hundred at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Of this version.
    pub version: Option<String>,
    /// Of one of these statuses; of any where none is given.
    pub statuses: Vec<RunStatus>,
    /// Of this correlation id.
    pub correlation_id: Option<String>,
    /// Children of this run.
    pub parent: Option<RunId>,
    /// Started at or after this.
    pub since: Option<Millis>,
    /// Started before this.
    pub until: Option<Millis>,
    /// Numbered below this: the last one of the page before.
    pub below: Option<RunKey>,
    /// At most so many.
    pub limit: usize,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            workflow: None,
            version: None,
            statuses: Vec::new(),
            correlation_id: None,
            parent: None,
            since: None,
            until: None,
            below: None,
            limit: 100,
        }
    }
}
