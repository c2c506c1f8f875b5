//! Results as they are kept, and those who wait for them.

use std::sync::{Arc, OnceLock};

use orch_core::error::{NodeError, Place, RunError};
use orch_core::run::{RunId, RunStatus};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Notify;

use crate::engine::layout::Tier;
use crate::engine::record::Errors;
use crate::program::{Program, Workflow};
use crate::store::{Json, RunRecord};

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
                let encoded = W::codec().map(|codec| (codec.encode_output)(output));
                match encoded {
                    Some(Ok(output)) => {
                        return Self {
                            status: RunStatus::Completed,
                            output: Some(output),
                            error: None,
                        };
                    }
                    Some(Err(error)) => {
                        let reason = format!("its result does not serialize to JSON: {error}");
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

    /// A run that does not go on here.
    pub(crate) fn interrupted(status: RunStatus, reason: &str) -> Self {
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

    /// A run as the store has it, if it has ended or cannot go on.
    pub(crate) fn recorded(record: &RunRecord) -> Option<Self> {
        if record.status == RunStatus::Parked {
            let reason = record.reason.as_deref().unwrap_or("it is parked");
            return Some(Self::interrupted(record.status, reason));
        }
        record.status.is_ended().then(|| Self {
            status: record.status,
            output: record.output.clone(),
            error: record.error.clone(),
        })
    }

    /// The result of a run of `W`.
    pub(crate) fn result<W: Workflow>(&self, id: &RunId) -> Result<W::Output, RunError<W::Error>> {
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
#[derive(Debug, Default)]
pub(crate) struct Waiter {
    told: Notify,
    kept: OnceLock<Arc<Kept>>,
}

impl Waiter {
    pub(crate) fn tell(&self, kept: Arc<Kept>) {
        let _ = self.kept.set(kept);
        self.told.notify_one();
    }

    pub(crate) fn kept(&self) -> Option<&Arc<Kept>> {
        self.kept.get()
    }

    /// How the run ended.
    pub(crate) async fn wait(&self) -> Arc<Kept> {
        loop {
            if let Some(kept) = self.kept.get() {
                return Arc::clone(kept);
            }
            self.told.notified().await;
        }
    }
}
