//! Forgetting runs some time after they ended.

use std::sync::Arc;
use std::time::Duration;

use orch_core::run::RunStatus;

use super::Durability;
use crate::durable::millis;
use crate::observe::tracing;
use crate::store::journal::JournalError;
use crate::store::{Applied, Change, Millis, StoreError};

/// How many runs are forgotten in one transaction, so that what runs record in the meantime waits for no more than that.
const AT_ONCE: usize = 500;

/// The time between two looks, at least: what expires within it is forgotten together.
const PACE: Millis = 60_000;

/// How long runs of a status are kept after they ended.
pub(crate) type Ages = Vec<(RunStatus, Duration)>;

/// Forgets runs as their times come, for as long as the orchestrator is there.
pub(super) async fn keep(ages: Ages, durability: Arc<Durability>) {
    loop {
        let now = durability.clock.now();
        let mut next = Millis::MAX;
        for (status, age) in &ages {
            match expired(&durability, *status, millis(*age), now).await {
                Ok(expires) => next = next.min(expires),
                Err(JournalError::Closed) => return,
                Err(error) => {
                    tracing::error!(target: "orch", event = "runs_not_forgotten", status = status.as_str(), %error);
                    next = now;
                }
            }
        }
        let pace = now.saturating_add(PACE);
        durability.clock.sleep_until(next.max(pace)).await;
    }
}

/// Forgets the runs of a status that have expired; gives when the next one may.
async fn expired(
    durability: &Durability,
    status: RunStatus,
    age: Millis,
    now: Millis,
) -> Result<Millis, JournalError> {
    let before = now.saturating_sub(age).saturating_add(1);
    let forgotten = durability.forget(&[status], before).await?;
    if forgotten > 0 {
        tracing::info!(target: "orch", event = "runs_forgotten", status = status.as_str(), runs = forgotten);
    }
    let asked = move |store: &dyn crate::store::Store| store.first_ended(status, before);
    let unread = |error: StoreError| JournalError::Store(Arc::new(error));
    let first = durability.journal.ask(asked).await.map_err(unread)?;
    // What has not ended by now does not expire before this.
    Ok(first.unwrap_or(now).saturating_add(age))
}

impl Durability {
    /// Forgets runs of these statuses that ended before a time; gives how many.
    pub(crate) async fn forget(
        &self,
        statuses: &[RunStatus],
        before: Millis,
    ) -> Result<usize, JournalError> {
        let mut count = 0;
        loop {
            let change = Change::Prune {
                statuses: statuses.to_vec(),
                before,
                limit: AT_ONCE,
            };
            let pruned = match self.journal.submit(change).await? {
                Applied::Pruned(pruned) => pruned,
                _ => 0,
            };
            count += pruned;
            if pruned < AT_ONCE {
                return Ok(count);
            }
        }
    }
}
