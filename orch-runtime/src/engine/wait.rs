//! Nodes that wait: for a time, for a signal, for a decision.

use std::sync::Arc;

use orch_core::error::{ErrorKind, NodeError};
use orch_core::plan::{Checkpoint, OnExpire};
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::record::Record;
use super::run::Run;
use super::strand::{Called, node_error};
use crate::ctx::Cx;
use crate::program::{NodeCode, Restored};
use crate::store::{EntryKind, Json, Millis, SignalRecord};

/// What somebody decided about a checkpoint, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// Whether the value passes.
    pub(crate) approved: bool,
    /// Who decided; empty where time ran out.
    pub(crate) by: String,
    /// What they said about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) comment: String,
    /// The value that passes in place of the node's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Box<serde_json::value::RawValue>>,
}

/// The name of the signal that brings the decision about a node.
pub(crate) fn decision_about(instance: &str) -> String {
    format!("@decide/{instance}")
}

/// The event id of such a signal, so that of two who decide at once the first one counts; another one once the run was
/// taken up again from an earlier point, as what was decided before is done with.
pub(crate) fn decision_event(retried_after: i64) -> String {
    format!("decision-{retried_after}")
}

/// Waits for as long as a node says.
pub(crate) async fn sleep(frame: &Arc<Frame>, node: usize) -> Called {
    let NodeCode::Sleep(length) = frame.layout.code.nodes[node] else {
        return Ok(());
    };
    let length = length(&Cx::new(frame, node));
    let run = frame.run();
    let Some(record) = &run.journal else {
        tokio::time::sleep(length).await;
        return Ok(());
    };
    let instance = record.instance(frame, node);
    let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    let until = begun(record, frame, &instance, Some(length)).await;
    due(record, until).await;
    let end = record.entry(frame, instance, EntryKind::Done, None);
    record.add(end).await;
    Ok(())
}

/// Waits for a signal, and places what it carries.
pub(crate) async fn signal(frame: &Arc<Frame>, node: usize) -> Called {
    let orch_core::plan::NodeKind::Signal { timeout, .. } = frame.layout.nodes[node].spec.kind
    else {
        return Ok(());
    };
    let run = frame.run();
    let name = run.signal_name(frame, node);
    let Some(record) = &run.journal else {
        let taken = async { Some(run.mailbox().take(&name).await) };
        let came = match timeout {
            Some(timeout) => tokio::time::timeout(timeout, taken).await.unwrap_or(None),
            None => taken.await,
        };
        return placed(
            frame,
            node,
            came.as_ref().map(|signal| signal.value.as_str()),
        );
    };
    let length = timeout.map(|timeout| i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX));
    let until = begun(record, frame, &name, length).await;
    let came = taken(record, &name, until).await;
    let value = came.map(|signal| signal.value);
    let placed = placed(frame, node, value.as_deref());
    if placed.is_ok() {
        let end = record.entry(frame, name, EntryKind::Received, value);
        record.add(end).await;
    }
    placed
}

fn placed(frame: &Arc<Frame>, node: usize, value: Option<&str>) -> Called {
    let NodeCode::Signal(place) = frame.layout.code.nodes[node] else {
        return Ok(());
    };
    let place = || place(&Cx::new(frame, node), value);
    frame.run().restoring(place).map_err(|error| {
        let message = format!("what its signal carried is not what it waits for: {error}");
        node_error(frame, node, ErrorKind::Failed, 0, message)
    })
}

/// Waits for the decision about a node's value; gives the value that passes.
pub(crate) async fn decision(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    checkpoint: Checkpoint,
    value: Json,
) -> Result<Json, NodeError> {
    let instance = record.instance(frame, node);
    let name = decision_about(&instance);
    let length = checkpoint
        .expires
        .map(|expires| i64::try_from(expires.as_millis()).unwrap_or(i64::MAX));
    let until = begun(record, frame, &instance, length).await;
    let past = record.retried_after();
    let came = loop {
        match taken(record, &name, until).await {
            Some(signal) if signal.number <= past => {}
            came => break came,
        }
    };
    let decision = came.and_then(|signal| serde_json::from_str(&signal.value).ok());
    let decision = decision.unwrap_or_else(|| Decision {
        approved: checkpoint.on_expire == OnExpire::Approve,
        by: String::new(),
        comment: "nobody decided in time".to_owned(),
        value: None,
    });
    let kept = serde_json::to_string(&decision).ok();
    let entry = record.entry(frame, instance, EntryKind::Decided, kept);
    record.add(entry).await;
    decided(frame, node, &decision, value)
}

/// What passes a checkpoint about which this was decided.
pub(crate) fn decided(
    frame: &Arc<Frame>,
    node: usize,
    decision: &Decision,
    value: Json,
) -> Result<Json, NodeError> {
    if decision.approved {
        return Ok(match &decision.value {
            Some(edited) => edited.get().to_owned(),
            None => value,
        });
    }
    let who = match decision.by.as_str() {
        "" => String::new(),
        by => format!("{by} rejected its value"),
    };
    let said = decision.comment.as_str();
    let between = if who.is_empty() || said.is_empty() {
        ""
    } else {
        ": "
    };
    let message = format!("{who}{between}{said}");
    Err(node_error(frame, node, ErrorKind::Rejected, 0, message))
}

/// When a wait ends that begins now, or that has begun before the run was taken up.
async fn begun(
    record: &Record,
    frame: &Arc<Frame>,
    instance: &str,
    length: Option<Millis>,
) -> Option<Millis> {
    let length = length?;
    if let Some(until) = record.known(instance).and_then(|known| known.until) {
        return Some(until);
    }
    let until = record.durability.clock.now().saturating_add(length);
    let entry = record.entry(
        frame,
        instance.to_owned(),
        EntryKind::Wait,
        Some(until.to_string()),
    );
    record.add(entry).await;
    Some(until)
}

/// Waits until a time, if there is one.
async fn due(record: &Record, until: Option<Millis>) {
    let Some(until) = until else { return };
    let _waits = record.wait(Some(until));
    record.durability.clock.sleep_until(until).await;
}

/// Waits until a time for the next turn of a repeated step.
pub(crate) async fn turn_due(run: &Run, until: Millis) {
    if let Some(record) = &run.journal {
        due(record, Some(until)).await;
    }
}

/// The signal of this name; none once the time is over.
async fn taken(record: &Record, name: &str, until: Option<Millis>) -> Option<SignalRecord> {
    if let Some(signal) = record.mailbox.try_take(name) {
        return Some(signal);
    }
    let _waits = record.wait(until);
    let Some(until) = until else {
        return Some(record.mailbox.take(name).await);
    };
    tokio::select! {
        biased;
        signal = record.mailbox.take(name) => Some(signal),
        () = record.durability.clock.sleep_until(until) => None,
    }
}

/// Places a value that was recorded.
pub(crate) fn restored(frame: &Arc<Frame>, node: usize, turn: u32, json: &str) -> Restored {
    match frame.layout.code.nodes[node] {
        NodeCode::Recorded(_, restore) => {
            let restore = || restore(&Cx::turn_of(frame, node, turn), json);
            frame.run().restoring(restore)
        }
        _ => Ok(()),
    }
}
