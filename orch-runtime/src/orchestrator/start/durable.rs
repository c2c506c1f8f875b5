//! Starting durable runs.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use orch_core::plan::Overlap;
use orch_core::run::RunStatus;

use super::{Start, StartError};
use crate::artifact::{self, recording, restoring};
use crate::durability::{self, Beginning, Kept, steer};
use crate::durable::may_change;
use crate::ids;
use crate::orchestrator::handle::{RunHandle, Streams};
use crate::program::Workflow;
use crate::store::journal::JournalError;
use crate::store::{Applied, AtMost, Change, Crowded, NewRun, Refused};

impl<W: Workflow> Start<W> {
    /// Whether others are to drive the run.
    pub(super) fn is_driven_elsewhere(&self) -> bool {
        let durability = self.services.durability();
        W::SPEC.durable && durability.is_some_and(|here| !here.drives())
    }

    /// Starts a durable run: it is kept when this returns.
    pub(super) async fn keep(self) -> Result<RunHandle<W>, StartError> {
        let workflow = W::SPEC.name;
        let Some(durability) = self.services.durability().cloned() else {
            return Err(StartError::NoStore { workflow });
        };
        let (Some(codec), Some(_)) = (W::codec(), durability.registered(workflow)) else {
            return Err(StartError::NotRegistered { workflow });
        };
        let unkept = |reason| StartError::Input { workflow, reason };
        let (input, refers) = recording(|| (codec.encode_input)(&self.input));
        let input = input.map_err(|error| unkept(error.to_string()))?;
        let mut given = self.input;
        if may_change(&input) {
            let restored = restoring(None, Vec::new(), || (codec.decode_input)(&input));
            let restored = restored.map_err(|error| unkept(error.to_string()))?;
            // As it is after a crash.
            if refers.is_empty() {
                given = restored;
            }
        }
        let artifacts = artifact::to_be_kept(refers, &*durability).await;
        let artifacts = artifacts.map_err(|error| unkept(error.to_string()))?;
        if durability.draining.load(Ordering::Acquire) {
            return Err(StartError::ShuttingDown);
        }
        let id = self.id.unwrap_or_else(ids::run);
        let other = self.correlation_id.as_deref().map(str::to_owned);
        let correlation_id = self
            .correlation_id
            .unwrap_or_else(|| Arc::from(id.as_str()));
        // A limit of the workflow's own is kept by those who take runs up.
        let seat = match W::SPEC.max_active_runs {
            None => durability.admit(),
            Some(_) => None,
        };
        let now = durability.clock.now();
        let deadline = W::SPEC.deadline.map(|deadline| durability.after(deadline));
        let new = NewRun {
            id: id.clone(),
            workflow: workflow.to_owned(),
            version: W::SPEC.version.to_owned(),
            fingerprint: W::program().layout().fingerprint.clone(),
            input,
            correlation_id: other,
            parent: None,
            priority: self.priority.unwrap_or(W::SPEC.priority),
            at: now,
            deadline,
            owner: seat.as_ref().map(|_| durability.owner),
            entries: Vec::new(),
            at_most: at_most::<W>(),
            artifacts,
            artifacts_of: None,
        };
        let started = durability
            .journal
            .submit(Change::Start(Box::new(new)))
            .await;
        let (held, fresh) = match started {
            // One that was kept as ended is looked at as one that was there already.
            Ok(Applied::Started {
                held,
                fresh,
                status,
            }) => (held, fresh && !status.is_ended()),
            Ok(_) => {
                let reason = "the store answered something else".to_owned();
                return Err(StartError::Store { reason });
            }
            Err(JournalError::Refused(Refused::Crowded { at_most })) => {
                return Err(StartError::Overlap {
                    workflow,
                    limit: at_most,
                });
            }
            Err(error) => {
                let reason = error.to_string();
                return Err(StartError::Store { reason });
            }
        };
        let waiter = durability.wait_for(held.run, &id);
        // Before the run begins, so that nothing of it is missed.
        let streams = Streams::of(waiter.outlets());
        match (fresh, seat) {
            (true, Some(mut seat)) => {
                seat.holds(held);
                let beginning = Beginning {
                    held,
                    id: id.clone(),
                    correlation_id: Arc::clone(&correlation_id),
                    deadline,
                    input: given,
                };
                let services = self.services.clone();
                durability::begin::<W>(services, &durability, seat, beginning);
            }
            (true, None) => {
                durability.stir();
                // Somebody else may have taken it up, and ended it, before anybody waited.
                waiter.hint();
            }
            (false, _) => {
                let found = durability.journal.find(id.clone()).await;
                let found = found.map_err(|error| StartError::Store {
                    reason: error.to_string(),
                })?;
                if let Some(other) = &found
                    && other.workflow != workflow
                {
                    let kept = other.workflow.clone();
                    return Err(StartError::OtherWorkflow { id, workflow, kept });
                }
                // As it is now: it may have ended since it was found, before anybody waited.
                if let Some(kept) = Kept::found(held.run, found.as_ref()) {
                    waiter.tell(Arc::new(kept));
                }
            }
        }
        Ok(RunHandle::kept(
            durability,
            id,
            correlation_id,
            waiter,
            streams,
        ))
    }
}

/// What becomes of a run that starts when as many are under way as may be; those that queue are held back by whoever
/// takes runs up.
fn at_most<W: Workflow>() -> Option<AtMost> {
    let then = match W::SPEC.overlap {
        Overlap::Queue => return None,
        Overlap::Skip => Crowded::Refuse,
        Overlap::CancelNew => {
            let reason = "as many runs were under way as may be";
            let status = RunStatus::Cancelled;
            let error = Kept::without_result(status, reason)
                .error
                .unwrap_or_default();
            Crowded::End { status, error }
        }
        Overlap::CancelOld => Crowded::Signal {
            name: steer::CANCEL.to_owned(),
            value: serde_json::Value::from("a later run takes its place").to_string(),
        },
    };
    let runs = W::SPEC.max_active_runs?;
    Some(AtMost { runs, then })
}
