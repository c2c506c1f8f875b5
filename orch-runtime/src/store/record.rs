//! What a store keeps, as it is read.

use orch_core::run::{RunId, RunStatus};

use super::{Json, Millis, OwnerId, RunKey, SignalRecord};

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
