//! Registering workflows with a store: a graph does not change under its version.

use orch_core::graph::Fingerprint;

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

/// The lines that differ, those of the kept graph with a minus before them and those of the new one with a plus.
fn difference(kept: &str, new: &str) -> String {
    let (kept, new): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), new.lines().collect());
    let same = kept.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let behind = kept[same..].iter().rev().zip(new[same..].iter().rev());
    let end = behind.take_while(|(a, b)| a == b).count();
    let removed = kept[same..kept.len() - end]
        .iter()
        .map(|line| format!("- {line}"));
    let added = new[same..new.len() - end]
        .iter()
        .map(|line| format!("+ {line}"));
    removed.chain(added).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn what_differs_is_shown_without_what_does_not() {
        assert_eq!(
            difference("a\nb\nc\nd", "a\nx\nc2\nd"),
            "- b\n- c\n+ x\n+ c2"
        );
        assert_eq!(difference("a\nb", "a\nb\nc"), "+ c");
        assert_eq!(difference("a", "a"), "");
    }
}
