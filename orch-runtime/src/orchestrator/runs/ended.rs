//! What becomes of runs that have ended: the dead letters, and what is forgotten.

use orch_core::run::RunStatus;

use super::info::value;
use super::{RunInfo, Runs, SteerError, unsuccessful};
use crate::store::{Change, Filter, Millis};

impl Runs {
    /// Forgets an ended run.
    ///
    /// # Errors
    /// If there is no such run, or it has not ended.
    pub async fn delete(&self, id: &str) -> Result<(), SteerError> {
        let run = self.record(id).await?;
        self.submit(&run.id, Change::Delete { run: run.key })
            .await?;
        Ok(())
    }

    /// The runs that did not succeed, and wait for somebody to [retry](Self::retry) or [drop](Self::drop_dead) them:
    /// the latest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn dead(&self, filter: Filter) -> Result<Vec<RunInfo>, SteerError> {
        self.list(Filter {
            statuses: vec![RunStatus::Failed, RunStatus::Panicked, RunStatus::TimedOut],
            ..filter
        })
        .await
    }

    /// Retries the runs that did not succeed and that a filter asks for; gives how many.
    ///
    /// # Errors
    /// If the store cannot be read or written; those that were retried until then are.
    pub async fn retry_dead(&self, filter: Filter) -> Result<usize, SteerError> {
        let mut count = 0;
        for run in self.dead(filter).await? {
            match self.retry(run.id.as_str()).await {
                Ok(()) => count += 1,
                // Somebody was quicker.
                Err(SteerError::NotEnded { .. } | SteerError::NoRun { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Forgets a run that did not succeed, and keeps why.
    ///
    /// # Errors
    /// If there is no such run, it has not ended, or it succeeded.
    pub async fn drop_dead(&self, id: &str, reason: &str) -> Result<(), SteerError> {
        let history = self.own_history(id).await?;
        unsuccessful(&history)?;
        let dropped = serde_json::json!({
            "workflow": history.run.workflow,
            "status": history.run.status.as_str(),
            "error": history.run.error.as_deref().map(value),
            "reason": reason,
            "at": self.durability.clock.now(),
        });
        let keep = Change::Put {
            space: "dropped",
            key: id.to_owned(),
            value: dropped.to_string(),
            expires_at: None,
        };
        self.submit(&history.run.id, keep).await?;
        let run = history.run.key;
        self.submit(&history.run.id, Change::Delete { run }).await?;
        Ok(())
    }

    /// Forgets runs of these statuses that ended before a time, in milliseconds since the Unix epoch; gives how many.
    /// [`retain`](crate::orchestrator::Builder::retain) does it by itself.
    ///
    /// # Errors
    /// If the store cannot be written; those that were forgotten until then are.
    pub async fn prune(&self, statuses: &[RunStatus], before: Millis) -> Result<usize, SteerError> {
        let forgotten = self.durability.forget(statuses, before).await;
        forgotten.map_err(|error| SteerError::store(&error))
    }
}
