//! Registering workflows with a store: a graph does not change under its version.

use orch_core::graph::{Fingerprint, difference};

use super::Registered;
use crate::store::{Change, Store, StoreError};

/// Where graphs are kept, by workflow and version.
const SPACE: &str = "workflow";

/// Compares each graph with the one that is kept of its version, and keeps those that are new.
pub(super) fn all<'a>(
    store: &dyn Store,
    registered: impl Iterator<Item = &'a Registered>,
) -> Result<(), Vec<String>> {
    let unread = |error: StoreError| vec![format!("its store cannot be used: {error}")];
    let (mut problems, mut changes) = (Vec::new(), Vec::new());
    for workflow in registered {
        let spec = workflow.program.spec;
        let key = format!("{}@{}", spec.name, spec.version);
        let graph = Fingerprint::text(spec);
        // Graphs never expire.
        let kept = store.get(SPACE, &key, 0).map_err(unread)?;
        let kept: Option<String> = kept.and_then(|json| serde_json::from_str(&json).ok());
        match kept {
            Some(kept) if kept != graph => problems.push(format!(
                "the graph of workflow `{}` has changed under the version `{}`: give it a version of its own, and say `compatible_with` if runs of the version before may go on under it\n{}",
                spec.name,
                spec.version,
                difference(&kept, &graph)
            )),
            Some(_) => {}
            None => changes.push(Change::Put {
                space: SPACE,
                key,
                value: serde_json::Value::from(graph).to_string(),
                expires_at: None,
            }),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if !changes.is_empty() {
        store.commit(&changes).map_err(unread)?;
    }
    Ok(())
}
