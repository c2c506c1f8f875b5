//! What is recorded of runs inside nodes, so that they can be seen: that they began, where, and how they ended.
//!
//! Both ride along with whatever is recorded next, and cost no commit.

use orch_core::plan::WorkflowSpec;
use orch_core::run::RunStatus;
use serde::{Deserialize, Serialize};

use crate::store::{Entry, Json};

const PREFIX: &str = "@child/";

/// The name that entries about a run inside have, by what of its id follows that of the outermost run.
pub(crate) fn entry_name(derived: &str) -> String {
    format!("{PREFIX}{derived}")
}

/// What of a run's id follows that of the outermost run, if the entry is about such a run.
pub(crate) fn derived(entry: &Entry) -> Option<&str> {
    entry.node.strip_prefix(PREFIX)
}

/// That a run inside a node began.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChildBegan {
    pub(crate) workflow: String,
    pub(crate) version: String,
    /// The node, as the outermost run's entries have it.
    pub(crate) node: String,
    /// What of the id of the run around it follows that of the outermost run.
    pub(crate) parent: String,
}

impl ChildBegan {
    pub(crate) fn of(spec: &WorkflowSpec, node: &str, parent: &str) -> Self {
        Self {
            workflow: spec.name.to_owned(),
            version: spec.version.to_owned(),
            node: node.to_owned(),
            parent: parent.to_owned(),
        }
    }

    pub(crate) fn into_json(self) -> Json {
        // Every part of it has a place in JSON.
        serde_json::to_string(&self).unwrap_or_default()
    }

    pub(crate) fn read(entry: &Entry) -> Option<Self> {
        serde_json::from_str(entry.value.as_deref()?).ok()
    }
}

/// That a run inside a node ended.
pub(crate) fn ended(status: RunStatus) -> Json {
    serde_json::Value::from(status.as_str()).to_string()
}

/// How a run inside a node ended, if the entry says that.
pub(crate) fn read_end(entry: &Entry) -> Option<RunStatus> {
    let status: String = serde_json::from_str(entry.value.as_deref()?).ok()?;
    RunStatus::parse(&status)
}
