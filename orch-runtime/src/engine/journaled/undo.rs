//! Undoing what is recorded.

use std::sync::Arc;

use orch_core::error::NodeError;

use crate::engine::call;
use crate::engine::frame::Frame;
use crate::engine::known::Known;
use crate::engine::record::Record;
use crate::engine::undo::{Doubtful, Undo};
use crate::store::EntryKind;

impl Doubtful {
    /// A call that was about to be made before the run was taken up, if it was.
    pub(super) fn before(record: &Record, frame: &Arc<Frame>, node: usize) -> Self {
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
}

/// Keeps what was recorded of a node until it may have to be undone: what gave a value, and each tier that failed and
/// may have done what it was to do.
pub(super) fn remember(record: &Record, frame: &Arc<Frame>, node: usize, known: &Known) {
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

/// Whether another step undoes what a node's tier does.
fn is_undone(frame: &Frame, node: usize, tier: usize) -> bool {
    let tier = frame.layout.nodes[node].tiers.get(tier);
    tier.is_some_and(|tier| tier.undo().is_some())
}

/// Waits until it is decided whether what the run did is undone.
///
/// Of a run inside another one it is decided by its own nodes alone; the outermost one may yet be cancelled by what comes
/// after its history.
pub(crate) async fn undoing_is_decided(record: &Record, has_succeeded: impl FnOnce() -> bool) {
    let decided = !record.is_outermost() && has_succeeded();
    if !decided {
        record.pass().await;
    }
}

/// Undoes a call, unless that is recorded already, and records it.
pub(crate) async fn undo(record: &Record, undo: &Undo) -> Result<(), NodeError> {
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
