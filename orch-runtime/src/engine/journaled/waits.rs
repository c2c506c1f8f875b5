//! Waits that are recorded: for a time, for a signal, for a decision.

use std::sync::Arc;
use std::time::Duration;

use orch_core::error::{ErrorKind, NodeError};
use orch_core::plan::{Checkpoint, OnExpire};
use serde::{Deserialize, Serialize};

use crate::ctx::Cx;
use crate::durable::millis;
use crate::engine::frame::Frame;
use crate::engine::record::Record;
use crate::engine::strand::{Called, node_error};
use crate::engine::wait::placed;
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
pub(crate) async fn sleep(record: &Record, frame: &Arc<Frame>, node: usize, length: Duration) {
    let instance = record.instance(frame, node);
    let until = begun(record, frame, &instance, Some(length)).await;
    due(record, until).await;
    let end = record.entry(frame, instance, EntryKind::Done, None);
    record.add(end).await;
}

/// Waits for the signal of this name, and places what it carries.
pub(crate) async fn signal(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    name: String,
    timeout: Option<Duration>,
) -> Called {
    let until = begun(record, frame, &name, timeout).await;
    let came = taken(record, &name, until).await;
    let value = came.map(|signal| signal.value);
    let placed = placed(frame, node, value.as_deref());
    if placed.is_ok() {
        let end = record.entry(frame, name, EntryKind::Received, value);
        record.add(end).await;
    }
    placed
}

/// Waits for the decision about a node's value; gives the value that passes.
pub(super) async fn decision(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    checkpoint: Checkpoint,
    value: Json,
) -> Result<Json, NodeError> {
    let instance = record.instance(frame, node);
    let name = decision_about(&instance);
    let until = begun(record, frame, &instance, checkpoint.expires).await;
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
pub(super) fn decided(
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
    length: Option<Duration>,
) -> Option<Millis> {
    let length = millis(length?);
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
pub(super) async fn due(record: &Record, until: Option<Millis>) {
    let Some(until) = until else { return };
    let _waits = record.wait(Some(until));
    record.durability.clock.sleep_until(until).await;
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
pub(super) fn restored(frame: &Arc<Frame>, node: usize, turn: u32, json: &str) -> Restored {
    match frame.layout.code.nodes[node] {
        NodeCode::Recorded(_, restore) => {
            let restore = || restore(&Cx::turn_of(frame, node, turn), json);
            frame.run().restoring(restore)
        }
        _ => Ok(()),
    }
}
