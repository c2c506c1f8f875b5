//! Results as they are kept, and those who wait for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use orch_core::error::{NodeError, Place, RunError};
use orch_core::run::{RunId, RunStatus};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::Durability;
use crate::artifact::{Home, restoring};
use crate::durable::may_change;
use crate::engine::layout::Tier;
use crate::engine::record::Errors;
use crate::engine::run::Run;
use crate::observe::{Outlets, tracing};
use crate::program::{Program, Workflow};
use crate::store::{Json, RunKey, RunRecord};

/// How a run ended, or that it does not go on.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) status: RunStatus,
    pub(crate) output: Option<Json>,
    pub(crate) error: Option<Json>,
}

/// What a run failed with, as it is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptFailure {
    reason: String,
    errors: Vec<Box<RawValue>>,
}

impl Kept {
    /// What a run gave.
    pub(crate) fn of<W: Workflow>(result: &Result<W::Output, RunError<W::Error>>) -> Self {
        let (status, error) = match result {
            Ok(output) => {
                let encoded = W::codec().map(|codec| {
                    let json = (codec.encode_output)(output)?;
                    if may_change(&json) {
                        restoring(None, Vec::new(), || (codec.decode_output)(&json).map(drop))?;
                    }
                    Ok::<_, serde_json::Error>(json)
                });
                match encoded {
                    Some(Ok(output)) => {
                        return Self {
                            status: RunStatus::Completed,
                            output: Some(output),
                            error: None,
                        };
                    }
                    Some(Err(error)) => {
                        let reason =
                            format!("its result does not go into JSON and come back: {error}");
                        (
                            RunStatus::Failed,
                            KeptFailure {
                                reason,
                                errors: Vec::new(),
                            },
                        )
                    }
                    None => (RunStatus::Completed, KeptFailure::default()),
                }
            }
            Err(error) => {
                let errors = Errors::of::<W>();
                let kept = error
                    .failures()
                    .iter()
                    .filter_map(|error| RawValue::from_string(errors.encode(error)).ok());
                let failure = KeptFailure {
                    reason: error.reason().to_owned(),
                    errors: kept.collect(),
                };
                (error.status(), failure)
            }
        };
        Self {
            status,
            output: None,
            error: serde_json::to_string(&error).ok(),
        }
    }

    /// A run that does not go on here, or whose result cannot be kept.
    pub(crate) fn without_result(status: RunStatus, reason: &str) -> Self {
        let failure = KeptFailure {
            reason: reason.to_owned(),
            errors: Vec::new(),
        };
        Self {
            status,
            output: None,
            error: serde_json::to_string(&failure).ok(),
        }
    }

    /// A run that is let go of as the orchestrator is shut down.
    pub(super) fn shut_down() -> Self {
        let reason = "the orchestrator was shut down; the run goes on when it is taken up again";
        Self::without_result(RunStatus::Queued, reason)
    }

    /// A run as the store has it, if it has ended or cannot go on.
    pub(crate) fn recorded(record: &RunRecord) -> Option<Self> {
        // One that was resumed and is not taken up yet is about to go on.
        if record.status == RunStatus::Parked && record.ready_at.is_none() {
            let reason = record.reason.as_deref().unwrap_or("it is parked");
            return Some(Self::without_result(record.status, reason));
        }
        record.status.is_ended().then(|| Self {
            status: record.status,
            output: record.output.clone(),
            error: record.error.clone(),
        })
    }

    /// A run as it was found, if it has ended or cannot go on, or is no longer there.
    pub(crate) fn found(key: RunKey, record: Option<&RunRecord>) -> Option<Self> {
        match record.filter(|record| record.key == key) {
            Some(record) => Self::recorded(record),
            None => {
                let reason = "it was deleted, and how it ended is not known any more";
                Some(Self::without_result(RunStatus::Running, reason))
            }
        }
    }

    /// The result of a run of `W`, whose artifacts are at home there.
    pub(crate) fn result<W: Workflow>(
        &self,
        id: &RunId,
        home: Home,
    ) -> Result<W::Output, RunError<W::Error>> {
        restoring(Some(home), Vec::new(), || self.decode::<W>(id))
    }

    fn decode<W: Workflow>(&self, id: &RunId) -> Result<W::Output, RunError<W::Error>> {
        let workflow = W::SPEC.name;
        if self.status == RunStatus::Completed {
            let output = self.output.as_deref().unwrap_or("null");
            let decoded = W::codec().map(|codec| (codec.decode_output)(output));
            return match decoded {
                Some(Ok(output)) => Ok(output),
                Some(Err(error)) => {
                    let reason = format!("its result no longer fits its type: {error}");
                    Err(RunError::interrupted(id.clone(), workflow, reason))
                }
                None => {
                    let reason = "the workflow is no longer durable".to_owned();
                    Err(RunError::interrupted(id.clone(), workflow, reason))
                }
            };
        }
        let kept: KeptFailure = self
            .error
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
        let errors = Errors::of::<W>();
        let errors: Vec<NodeError> = kept
            .errors
            .iter()
            .map(|json| {
                errors.decode(json.get(), |kept| Place {
                    run: id.clone(),
                    workflow,
                    node: kept.node.as_str().into(),
                    step: step_of(W::program(), &kept.node, &kept.step),
                    items: kept.items.clone(),
                })
            })
            .collect();
        Err(RunError::kept(
            self.status,
            id.clone(),
            workflow,
            kept.reason,
            errors,
        ))
    }
}

/// The step of this name that a node calls; the workflow's own name where there is none any more.
fn step_of(program: &'static Program, node: &str, step: &str) -> &'static str {
    let found = program.layout().find(node).and_then(|node| {
        let mut tiers = node.tiers.iter().map(Tier::step);
        tiers.find(|name| *name == step).or(Some(node.step()))
    });
    found.unwrap_or(program.spec.name)
}

/// Somebody who waits for a run's end.
#[derive(Debug)]
pub(crate) struct Waiter {
    durability: Arc<Durability>,
    key: RunKey,
    told: Arc<Told>,
}

/// What somebody is told who waits for a run's end.
#[derive(Debug)]
pub(super) struct Told {
    id: RunId,
    told: Notify,
    kept: OnceLock<Arc<Kept>>,
    /// How often it was said that the run may have ended elsewhere.
    hints: AtomicUsize,
    /// Where those read who want to know more.
    outlets: Arc<Outlets>,
}

impl Told {
    pub(super) fn new(id: &RunId, outlets: Arc<Outlets>) -> Self {
        Self {
            id: id.clone(),
            told: Notify::new(),
            kept: OnceLock::new(),
            hints: AtomicUsize::new(0),
            outlets,
        }
    }

    pub(super) fn id(&self) -> &RunId {
        &self.id
    }

    pub(super) fn tell(&self, kept: Arc<Kept>) {
        let _ = self.kept.set(kept);
        self.told.notify_waiters();
    }

    pub(super) fn hint(&self) {
        self.hints.fetch_add(1, Ordering::Release);
        self.told.notify_waiters();
    }

    fn hints(&self) -> usize {
        self.hints.load(Ordering::Acquire)
    }

    /// What was told; `None` when there are more hints than so many before.
    async fn wait(&self, hints: usize) -> Option<Arc<Kept>> {
        loop {
            let told = self.told.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if let Some(kept) = self.kept.get() {
                return Some(Arc::clone(kept));
            }
            if self.hints() != hints {
                return None;
            }
            told.await;
        }
    }
}

/// How long it takes until a run is looked for again that could not be: at first, and at the longest.
const AGAIN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

impl Waiter {
    pub(super) fn new(durability: Arc<Durability>, key: RunKey, told: Arc<Told>) -> Self {
        Self {
            durability,
            key,
            told,
        }
    }

    pub(crate) fn tell(&self, kept: Arc<Kept>) {
        self.told.tell(kept);
    }

    /// Where the run's readers are sent to.
    pub(crate) fn outlets(&self) -> &Arc<Outlets> {
        &self.told.outlets
    }

    /// The run, if it is under way here.
    pub(crate) fn live(&self) -> Option<Arc<Run>> {
        self.durability.live(self.key)
    }

    /// Where what the run's result refers to is kept.
    pub(crate) fn home(&self) -> Home {
        self.durability.home(self.key)
    }

    pub(crate) fn kept(&self) -> Option<&Arc<Kept>> {
        self.told.kept.get()
    }

    /// The run may have ended: it is looked for by whoever waits, unless it is under way here.
    pub(crate) fn hint(&self) {
        self.told.hint();
    }

    /// How the run ended.
    pub(crate) async fn wait(&self) -> Arc<Kept> {
        let mut heeded = 0;
        loop {
            if let Some(kept) = self.told.wait(heeded).await {
                return kept;
            }
            heeded = self.told.hints();
            self.look().await;
        }
    }

    /// Looks for the run's end, unless that is told or it is under way here.
    async fn look(&self) {
        let (mut pause, longest) = AGAIN;
        while self.live().is_none() && self.kept().is_none() {
            match self.durability.journal.find(self.told.id.clone()).await {
                Ok(record) => {
                    if let Some(kept) = Kept::found(self.key, record.as_ref()) {
                        self.tell(Arc::new(kept));
                    }
                    return;
                }
                Err(error) => {
                    tracing::warn!(target: "orch", event = "store_unread", %error);
                    tokio::time::sleep(pause).await;
                    pause = longest.min(pause * 2);
                }
            }
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.durability.no_longer_waits(self.key, &self.told);
    }
}
