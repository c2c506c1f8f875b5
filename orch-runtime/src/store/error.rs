//! What a store cannot do, and what it will not.

use std::error::Error;
use std::fmt;

use orch_core::run::{RunId, RunStatus};

use super::{Held, OwnerId, RunKey};

/// Why a store could not be read or written.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of trouble a store is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// There is no room left.
    Full,
    /// It may only be read.
    ReadOnly,
    /// Somebody else kept it busy for too long.
    Busy,
    /// It is no longer there, or not what it was.
    Missing,
    /// What is in it cannot be right.
    Corrupt,
    /// It was written by a later version, or by something else.
    Version,
    /// Reading or writing failed.
    Io,
}

impl StoreErrorKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Full,
        Self::ReadOnly,
        Self::Busy,
        Self::Missing,
        Self::Corrupt,
        Self::Version,
        Self::Io,
    ];

    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "store_full",
            Self::ReadOnly => "store_read_only",
            Self::Busy => "store_busy",
            Self::Missing => "store_missing",
            Self::Corrupt => "store_corrupt",
            Self::Version => "store_version",
            Self::Io => "store_io",
        }
    }
}

impl StoreError {
    /// An error in words: what could not be done, and what to do about it.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The error, with what caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of trouble it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The kind's code, which does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Whether the same may succeed later: what is to be written is kept and tried again.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Full | StoreErrorKind::Busy)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Why a store will not apply a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The run was taken up, let go of or ended meanwhile: the writer is late.
    Fenced {
        /// What the writer held.
        held: Held,
        /// The run's fencing token now.
        fence: i64,
    },
    /// This owner has left, or its process was found dead.
    NotJoined(OwnerId),
    /// An entry of this number is recorded of the run already.
    Recorded {
        /// The run.
        run: RunKey,
        /// The entry's number.
        seq: i64,
    },
    /// A run cannot be let go of, or end, with this status.
    Status(RunStatus),
    /// No such run is kept.
    NoRun(RunKey),
    /// No run of this id is kept.
    NoRunOf(RunId),
    /// As many runs of the workflow are under way as may be.
    Crowded {
        /// How many may be.
        at_most: u32,
    },
    /// The run has ended, and what was asked for wants one that has not.
    Ended(RunStatus),
    /// The run has not ended, and what was asked for wants one that has.
    NotEnded(RunStatus),
    /// No artifact of this digest is kept, and its content was not given.
    NoArtifact(String),
}

impl Refused {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Fenced { .. } => "run_fenced",
            Self::NotJoined(_) => "owner_not_joined",
            Self::Recorded { .. } => "entry_recorded",
            Self::Status(_) => "wrong_status",
            Self::NoRun(_) | Self::NoRunOf(_) => "no_run",
            Self::Crowded { .. } => "crowded",
            Self::Ended(_) => "run_ended",
            Self::NotEnded(_) => "run_not_ended",
            Self::NoArtifact(_) => "no_artifact",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fenced { held, fence } => write!(
                f,
                "this writer is late: it has token {} of run number {}, which was taken up, let go of or ended since \
                 and is at token {fence}",
                held.fence, held.run.0
            ),
            Self::NotJoined(owner) => write!(
                f,
                "owner number {} has left the store, or was found dead",
                owner.0
            ),
            Self::Recorded { run, seq } => {
                write!(f, "entry {seq} of run number {} is recorded already", run.0)
            }
            Self::Status(status) => write!(
                f,
                "a run cannot be let go of, or end, as {}",
                status.as_str()
            ),
            Self::NoRun(run) => write!(f, "there is no run number {}", run.0),
            Self::NoRunOf(id) => write!(f, "there is no run {id}"),
            Self::Crowded { at_most } => write!(
                f,
                "{at_most} runs of the workflow are under way, as many as may be"
            ),
            Self::Ended(status) => write!(f, "the run has ended: it is {}", status.as_str()),
            Self::NotEnded(status) => write!(f, "the run has not ended: it is {}", status.as_str()),
            Self::NoArtifact(digest) => write!(
                f,
                "no artifact {digest} is kept: the last run that it was kept for was deleted, or it is of another store"
            ),
        }
    }
}

impl Error for Refused {}
