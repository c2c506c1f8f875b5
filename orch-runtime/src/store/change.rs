//! What a store is told, and what it answers.

use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};

use super::{Entry, Held, Json, Millis, OwnerId, RunKey};

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
    /// How many runs of its workflow may be under way, if that decides whether it starts.
    pub at_most: Option<AtMost>,
    /// What its input refers to.
    pub artifacts: Vec<NewArtifact>,
    /// All that is kept for this run is kept for the new one as well: of a fork. Refused if there is no such run.
    pub artifacts_of: Option<RunKey>,
}

/// How many runs of a workflow may be under way, and what becomes of one more.
///
/// Under way are runs that are `queued`, `running` or `waiting`. They are counted in the transaction that keeps the new
/// run, so that of any number of owners that start one at once no more are let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtMost {
    /// So many.
    pub runs: u32,
    /// What becomes of one more.
    pub then: Crowded,
}

/// What becomes of a run that is started when as many are under way as may be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Crowded {
    /// It is refused, as [`Refused::Crowded`](super::Refused::Crowded).
    Refuse,
    /// It is kept as ended.
    End {
        /// An ended status; any other is refused.
        status: RunStatus,
        /// What it is said to have failed with.
        error: Json,
    },
    /// It is kept, and the oldest of the others that has no signal of this name yet is sent one. Those that have one do
    /// not count: they are about to make room.
    Signal {
        /// The signal's name.
        name: String,
        /// What it carries.
        value: Json,
    },
}

/// An artifact to be kept for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArtifact {
    /// The SHA-256 digest of the content, in hexadecimal.
    pub digest: String,
    /// The content; `None` of one that is kept already, for whichever run. Refused if it is not.
    pub content: Option<Arc<[u8]>>,
}

/// A change to what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Keeps a new run; one of its id that is there already stays as it is. Answers [`Applied::Started`].
    ///
    /// Without an owner it is queued, and ready at once. Where too many are under way, what [`NewRun::at_most`] says.
    Start(Box<NewRun>),
    /// Adds entries to a run.
    Record {
        /// The run.
        held: Held,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// Lets go of a run that cannot go on by itself now, unless signals came meanwhile.
    ///
    /// What is recorded along with it is recorded in either case.
    Suspend {
        /// The run.
        held: Held,
        /// What is recorded along with it.
        entries: Vec<Entry>,
        /// `Queued`, `Waiting`, `Paused` or `Parked`; any other is refused.
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
        /// An ended status; any other is refused.
        status: RunStatus,
        /// Its result.
        output: Option<Json>,
        /// What it failed with.
        error: Option<Json>,
        /// When.
        at: Millis,
    },
    /// Takes up runs that nobody holds and that are ready, by their rank. Answers [`Applied::TakenUp`], in order of
    /// rank.
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
    /// Gives a run that has not ended a signal, and makes it ready at once unless it is held; its status stays.
    /// One that was there already changes nothing. Answers [`Applied::Signalled`].
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
    /// Takes an ended run up again from an earlier point: drops entries and queues it, ready at once. Refused of one
    /// that has not ended.
    Rewind {
        /// The run.
        run: RunKey,
        /// The numbers of the entries that hold no longer.
        drop: Vec<i64>,
        /// What is recorded along with it.
        entries: Vec<Entry>,
        /// When it is out of time from now on.
        deadline: Option<Millis>,
        /// What time it is.
        now: Millis,
    },
    /// Forgets an ended run and all that belongs to it alone, children included. Refused of one that has not ended,
    /// or of whose children one has not.
    Delete {
        /// The run.
        run: RunKey,
    },
    /// Forgets ended runs of these statuses that ended before a time, those that ended first before others. Answers
    /// [`Applied::Pruned`].
    ///
    /// A child goes with its parent and not before; a run of whose children one has not ended stays.
    Prune {
        /// The statuses.
        statuses: Vec<RunStatus>,
        /// Before when they ended.
        before: Millis,
        /// At most so many, children not counted.
        limit: usize,
    },
    /// Keeps a value in a space under a key, in place of the one before.
    Put {
        /// The space: `breaker`, `cache`, `inbox`, `schedule`, `workflow`.
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
        /// The artifact.
        artifact: NewArtifact,
    },
}

impl Change {
    /// Lets go of a run, which is ready at once: nothing of it goes on here.
    pub(crate) fn let_go(held: Held) -> Self {
        Self::Suspend {
            held,
            entries: Vec::new(),
            status: RunStatus::Queued,
            ready_at: Some(0),
            seen: i64::MAX,
            reason: None,
        }
    }
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
    /// So many runs were forgotten, children not counted.
    Pruned(usize),
}

impl Applied {
    /// The runs that are held since, and were not before.
    pub(crate) fn taken(&self) -> &[Held] {
        match self {
            Self::TakenUp(taken) => taken,
            Self::Started {
                held,
                fresh: true,
                status: RunStatus::Running,
            } => std::slice::from_ref(held),
            _ => &[],
        }
    }
}
