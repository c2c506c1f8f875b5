//! What every store decides in the same way.

use orch_core::run::RunStatus;

use super::digest::digest;
use super::{AGEING, Millis, OwnerId, RunKey, StoreError, StoreErrorKind};

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

/// Whom a batch concerns beside the one who committed it.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// Runs that got a signal, with their holders.
    pub(super) signals: Vec<(OwnerId, RunKey)>,
    /// Whether runs may have become ready.
    pub(super) ready: bool,
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
