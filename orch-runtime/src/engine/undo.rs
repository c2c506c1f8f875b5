//! Undoing: what a run that does not succeed has done is undone, the last first.

use std::sync::Arc;

use orch_core::error::NodeError;
use orch_core::outcome::Outcome;

use super::call;
use super::frame::Frame;
use super::settle::verdict;
use crate::store::{EntryKind, Json};

/// A call that may have to be undone.
#[derive(Debug, Clone)]
pub(crate) struct Undo {
    pub(crate) frame: Arc<Frame>,
    pub(crate) node: usize,
    /// Which callee of the node's fallback chain it was.
    pub(crate) tier: usize,
    /// Grows in the order in which calls ended.
    order: i64,
    /// How it ended: its value as JSON, or `Pending` where nobody knows.
    pub(crate) outcome: Outcome<Json>,
}

impl Undo {
    /// A call that gave a value.
    pub(crate) fn done(
        frame: &Arc<Frame>,
        node: usize,
        tier: usize,
        order: i64,
        json: Json,
    ) -> Self {
        Self {
            frame: Arc::clone(frame),
            node,
            tier,
            order,
            outcome: Outcome::Done(json),
        }
    }

    /// A call that may have done what it was to do.
    pub(crate) fn doubtful(frame: &Arc<Frame>, node: usize, tier: usize, order: i64) -> Self {
        Self {
            frame: Arc::clone(frame),
            node,
            tier,
            order,
            outcome: Outcome::Pending,
        }
    }

    /// The same, ended at this point of the order.
    pub(crate) fn at(mut self, order: i64) -> Self {
        self.order = order;
        self
    }

    /// A call that failed in a way that leaves in doubt what it has done.
    pub(crate) fn failed(mut self, error: NodeError) -> Self {
        self.outcome = Outcome::Failed(error);
        self
    }
}

/// Undoes what a run has done that does not succeed.
pub(crate) async fn all(root: Arc<Frame>) {
    let run = Arc::clone(root.run());
    if let Some(record) = &run.journal {
        record.pass().await;
    }
    if run.halted().is_none() && verdict(&root).is_ok() {
        return;
    }
    let mut undos = run.take_undos();
    undos.sort_by_key(|undo| undo.order);
    while let Some(undo) = undos.pop() {
        if let Err(error) = one(&undo).await {
            run.undo_failed(error);
        }
    }
}

async fn one(undo: &Undo) -> Result<(), NodeError> {
    let run = undo.frame.run();
    let Some(record) = &run.journal else {
        return call::undo(undo).await;
    };
    let instance = record.instance(&undo.frame, undo.node);
    let before = record.known(&instance).and_then(|known| known.undone);
    if before.is_some() {
        return Ok(());
    }
    let result = call::undo(undo).await;
    let (kind, value) = match &result {
        Ok(()) => (EntryKind::Undone, None),
        Err(error) => (EntryKind::UndoFailed, Some(record.encode_error(error))),
    };
    record
        .add(record.entry(&undo.frame, instance, kind, value))
        .await;
    result
}
