//! Undoing: what a run that does not succeed has done is undone, the last first.

use std::sync::Arc;

use orch_core::error::NodeError;
use orch_core::outcome::Outcome;

use super::call;
use super::frame::Frame;
use super::journaled;
use super::settle::verdict;
use crate::durable::Json;

/// A call that may have to be undone.
#[derive(Debug, Clone)]
pub(crate) struct Undo {
    pub(crate) frame: Arc<Frame>,
    pub(crate) node: usize,
    /// Which callee of the node's fallback chain it was.
    pub(crate) tier: usize,
    /// Does not fall in the order in which calls ended; equals are in the order in which they were remembered.
    pub(super) order: i64,
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

/// A call that may have to be undone though nobody knows how it ended: should its future be dropped, it is.
#[derive(Debug)]
pub(crate) struct Doubtful(pub(super) Option<Undo>);

impl Doubtful {
    pub(crate) fn new(frame: &Arc<Frame>, node: usize, tier: usize) -> Self {
        Self(Some(Undo::doubtful(frame, node, tier, 0)))
    }

    /// There is no doubt any more.
    pub(crate) fn is_over(&mut self) -> Option<Undo> {
        self.0.take()
    }
}

impl Drop for Doubtful {
    fn drop(&mut self) {
        if let Some(undo) = self.0.take() {
            let run = Arc::clone(undo.frame.run());
            if run.is_abandoned() {
                // Whoever takes it up finds the same doubt recorded.
                return;
            }
            let order = run.undo_order();
            run.to_undo(undo.at(order));
        }
    }
}

/// Undoes what a run has done that does not succeed.
pub(crate) async fn all(root: Arc<Frame>) {
    let run = Arc::clone(root.run());
    // What they have done is undone before what came before it.
    run.those_inside_have_ended().await;
    if let Some(record) = &run.journal {
        journaled::undoing_is_decided(record, || verdict(&root).is_ok()).await;
    }
    if run.has_succeeded(|| verdict(&root).is_ok()) {
        return;
    }
    let any = run.order_undos();
    if let (Some(record), true) = (&run.journal, any) {
        record.undoing_begins();
    }
    // Each stays among them until it is undone, as this may be dropped and begun again.
    while let Some((at, undo)) = run.last_undo() {
        // What a run inside this one has done is on that one's record.
        let undone = match &undo.frame.run().journal {
            Some(record) => journaled::undo(record, &undo).await,
            None => call::undo(&undo, None).await,
        };
        if let Err(error) = undone {
            run.undo_failed(error);
        }
        run.forget_undo(at);
    }
}
