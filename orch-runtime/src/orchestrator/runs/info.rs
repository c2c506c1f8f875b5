//! What is told of a run.

use orch_core::run::{RunId, RunStatus};
use serde::Serialize;
use serde_json::Value;

use crate::store::{Millis, RunRecord};

/// A run as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunInfo {
    /// Its id.
    pub id: RunId,
    /// Its workflow's name.
    pub workflow: String,
    /// Its workflow's version.
    pub version: String,
    /// How it stands.
    pub status: RunStatus,
    /// Its input; null of a run inside another, which is given its input anew each time.
    pub input: Value,
    /// Its result, once it has one.
    pub output: Option<Value>,
    /// What it failed with, once it has: `reason`, and `errors` with code, node, step, attempt and message.
    pub error: Option<Value>,
    /// What ties it to others and to the caller's own logs.
    pub correlation_id: String,
    /// The run around it, of one inside another.
    pub parent: Option<RunId>,
    /// The node that runs it, of one inside another, with the items around it.
    pub node: Option<String>,
    /// From 0, the lowest, to 100.
    pub priority: u8,
    /// When it was started, in milliseconds since the Unix epoch.
    pub started_at: Millis,
    /// When it ended, in milliseconds since the Unix epoch.
    pub ended_at: Option<Millis>,
    /// When it is ready to go on by itself, in milliseconds since the Unix epoch; 0 is at once.
    pub ready_at: Option<Millis>,
    /// Why it is paused or parked.
    pub reason: Option<String>,
}

/// A value that waits for a decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checkpoint {
    /// The run, which may be inside the one that was asked about.
    pub run: RunId,
    /// The node, with the items around it: `parcels/pack/3`.
    pub node: String,
    /// The value.
    pub value: Value,
    /// Who may decide; anybody where nobody is named.
    pub approvers: Vec<&'static str>,
    /// When the time to decide is over, in milliseconds since the Unix epoch.
    pub expires_at: Option<Millis>,
}

/// What was kept as JSON.
pub(super) fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}

impl From<RunRecord> for RunInfo {
    fn from(run: RunRecord) -> Self {
        Self {
            id: run.id,
            workflow: run.workflow,
            version: run.version,
            status: run.status,
            input: value(&run.input),
            output: run.output.as_deref().map(value),
            error: run.error.as_deref().map(value),
            correlation_id: run.correlation_id,
            parent: run.parent,
            node: None,
            priority: run.priority,
            started_at: run.started_at,
            ended_at: run.ended_at,
            ready_at: run.ready_at,
            reason: run.reason,
        }
    }
}
