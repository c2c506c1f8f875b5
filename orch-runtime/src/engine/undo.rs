//! Undoing: what a run that does not succeed has done is undone, the last first.

use std::sync::Arc;

use orch_core::error::NodeError;
use orch_core::outcome::Outcome;

use super::call;
use super::frame::Frame;
use super::known::Known;
use super::record::Record;
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

/// A call that may have to be undone though nobody knows how it ended: should its future be dropped, it is.
#[derive(Debug)]
pub(crate) struct Doubtful(Option<Undo>);

impl Doubtful {
    pub(crate) fn new(frame: &Arc<Frame>, node: usize, tier: usize) -> Self {
        Self(Some(Undo::doubtful(frame, node, tier, 0)))
    }

    /// A call that was about to be made before the run was taken up, if it was.
    pub(crate) fn before(record: &Record, frame: &Arc<Frame>, node: usize) -> Self {
        if !record.has_history() {
            return Self(None);
        }
        let known = record.known(&record.instance(frame, node));
        let begun = known.filter(|known| known.end.is_none());
        let began = begun.and_then(|known| known.began.as_ref());
        let tier = began.map(|began| began.tier);
        let undone = tier.filter(|tier| is_undone(frame, node, *tier));
        Self(undone.map(|tier| Undo::doubtful(frame, node, tier, 0)))
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
            let order = match &run.journal {
                Some(record) => record.next_seq(),
                None => run.undo_count(),
            };
            run.to_undo(undo.at(order));
        }
    }
}

/// Whether another step undoes what a node's tier does.
fn is_undone(frame: &Frame, node: usize, tier: usize) -> bool {
    let tier = frame.layout.nodes[node].tiers.get(tier);
    tier.is_some_and(|tier| tier.undo().is_some())
}

/// Keeps what was recorded of a node until it may have to be undone: what gave a value, and each tier that failed and
/// may have done what it was to do.
pub(crate) fn remember(record: &Record, frame: &Arc<Frame>, node: usize, known: &Known) {
    let run = frame.run();
    let failed = |tier, seq, json: &str| {
        if is_undone(frame, node, tier) {
            let error = record.decode_error(frame, node, json);
            run.to_undo(Undo::doubtful(frame, node, tier, seq).failed(error));
        }
    };
    for doubt in &known.doubts {
        failed(doubt.tier, doubt.seq, &doubt.error);
    }
    let tier = known.began.as_ref().map_or(0, |began| began.tier);
    match &known.end {
        Some((EntryKind::Done, Some(json))) if is_undone(frame, node, tier) => {
            run.to_undo(Undo::done(frame, node, tier, known.seq, json.clone()));
        }
        Some((EntryKind::Failed, Some(json))) if Record::leaves_in_doubt(json) => {
            failed(tier, known.seq, json);
        }
        _ => {}
    }
}

/// Undoes what a run has done that does not succeed.
pub(crate) async fn all(root: Arc<Frame>) {
    let run = Arc::clone(root.run());
    if let Some(record) = &run.journal {
        // Of a run inside another one it is decided by its own nodes alone; the outermost one may yet be cancelled by what
        // comes after its history.
        let decided = !record.is_outermost() && verdict(&root).is_ok();
        if !decided {
            record.pass().await;
        }
    }
    if run.has_succeeded(|| verdict(&root).is_ok()) {
        return;
    }
    let mut undos = run.take_undos();
    undos.sort_by_key(|undo| undo.order);
    if let (Some(record), false) = (&run.journal, undos.is_empty()) {
        record.undoing_begins();
    }
    while let Some(undo) = undos.pop() {
        if let Err(error) = one(&undo).await {
            run.undo_failed(error);
        }
    }
}

async fn one(undo: &Undo) -> Result<(), NodeError> {
    let run = undo.frame.run();
    let Some(record) = &run.journal else {
        return call::undo(undo, None).await;
    };
    let instance = record.instance(&undo.frame, undo.node);
    let undone = record
        .known(&instance)
        .map_or(&[][..], |known| &known.undone);
    match undone.iter().find(|(tier, _)| *tier == undo.tier) {
        None => {}
        Some((_, None)) => return Ok(()),
        Some((_, Some(error))) => return Err(record.decode_error(&undo.frame, undo.node, error)),
    }
    let calling = record.under_way.begin(&instance, true);
    let result = call::undo(undo, Some(&calling)).await;
    drop(calling);
    let (kind, value) = match &result {
        Ok(()) => {
            let fallback = (undo.tier > 0).then(|| undo.tier.to_string());
            (EntryKind::Undone, fallback)
        }
        Err(error) => {
            let error = record.encode_undo_failure(error, undo.tier);
            (EntryKind::UndoFailed, Some(error))
        }
    };
    record
        .add(record.entry(&undo.frame, instance, kind, value))
        .await;
    result
}
