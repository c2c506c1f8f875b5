//! What every store decides in the same way.

use orch_core::run::RunStatus;

use super::{
    AGEING, AtMost, Crowded, Millis, OwnerId, Refused, RunKey, StoreError, StoreErrorKind,
};
use crate::digest::digest;

/// What a run that is ready is ordered by: the lowest goes first.
pub(super) fn rank(ready_at: Millis, priority: u8) -> Millis {
    ready_at.saturating_sub(i64::from(priority) * AGEING)
}

/// Whether a run can be let go of with this status.
pub(super) fn can_rest(status: RunStatus) -> bool {
    matches!(
        status,
        RunStatus::Queued | RunStatus::Waiting | RunStatus::Paused | RunStatus::Parked
    )
}

/// Whether a run counts among those of its workflow that are under way.
#[cfg(any(test, feature = "testing"))]
pub(super) fn is_under_way(status: RunStatus) -> bool {
    matches!(
        status,
        RunStatus::Queued | RunStatus::Running | RunStatus::Waiting
    )
}

/// What a new run begins with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Room<T> {
    /// It begins as it was given.
    Free,
    /// It ends at once.
    Ends(RunStatus),
    /// This run is asked to make room for it.
    After(T),
}

/// Whether there is room for a new run, when so many count as under way and this is the oldest of them.
pub(super) fn room<T>(
    at_most: &AtMost,
    under_way: u64,
    oldest: Option<T>,
) -> Result<Room<T>, Refused> {
    if under_way < u64::from(at_most.runs) {
        return Ok(Room::Free);
    }
    match &at_most.then {
        Crowded::Refuse => Err(Refused::Crowded {
            at_most: at_most.runs,
        }),
        Crowded::End { status, .. } if status.is_ended() => Ok(Room::Ends(*status)),
        Crowded::End { status, .. } => Err(Refused::Status(*status)),
        Crowded::Signal { .. } => Ok(oldest.map_or(Room::Free, Room::After)),
    }
}

/// Whom a batch concerns beside the one who committed it.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// Runs that got a signal, with their holders.
    pub(super) signals: Vec<(OwnerId, RunKey)>,
    /// Runs that ended or were parked, with whoever held them, where others have joined.
    pub(super) over: Vec<(OwnerId, RunKey)>,
    /// Whether runs may have become ready.
    pub(super) ready: bool,
}

impl Notices {
    /// The runs that are over and that others than this owner held.
    pub(super) fn over_elsewhere(&self, owner: OwnerId) -> impl Iterator<Item = RunKey> + '_ {
        let others = self.over.iter().filter(move |(held, _)| *held != owner);
        others.map(|(_, run)| *run)
    }

    /// The runs of this owner that got a signal.
    pub(super) fn signalled(&self, owner: OwnerId) -> impl Iterator<Item = RunKey> + '_ {
        let its = self.signals.iter().filter(move |(held, _)| *held == owner);
        its.map(|(_, run)| *run)
    }

    /// Whether there is anything to be told.
    #[cfg(feature = "sqlite")]
    pub(super) fn concern_others(&self) -> bool {
        self.ready || !self.signals.is_empty() || !self.over.is_empty()
    }
}

/// The content of an artifact, if it is what its digest says.
pub(super) fn verified(wanted: &str, content: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let found = digest(&content);
    if found.eq_ignore_ascii_case(wanted) {
        return Ok(content);
    }
    Err(StoreError::new(
        StoreErrorKind::Corrupt,
        format!(
            "the content kept as artifact {wanted} has the digest {found}: it was damaged, or kept under a wrong digest"
        ),
    ))
}
