//! Nodes that wait: for a time, or for a signal.

use std::sync::Arc;

use orch_core::error::ErrorKind;

use super::frame::Frame;
use super::journaled;
use super::strand::{Called, node_error};
use crate::ctx::Cx;
use crate::program::NodeCode;

/// Waits for as long as a node says.
pub(crate) async fn sleep(frame: &Arc<Frame>, node: usize) -> Called {
    let NodeCode::Sleep(length) = frame.layout.code.nodes[node] else {
        return Ok(());
    };
    let length = length(&Cx::new(frame, node));
    match &frame.run().journal {
        Some(record) => journaled::sleep(record, frame, node, length).await,
        None => tokio::time::sleep(length).await,
    }
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
    if let Some(record) = &run.journal {
        return journaled::signal(record, frame, node, name, timeout).await;
    }
    let taken = async { Some(run.mailbox().take(&name).await) };
    let came = match timeout {
        Some(timeout) => tokio::time::timeout(timeout, taken).await.unwrap_or(None),
        None => taken.await,
    };
    let value = came.as_ref().map(|signal| signal.value.as_str());
    placed(frame, node, value)
}

/// Places what a signal carried, or nothing once its time is over.
pub(super) fn placed(frame: &Arc<Frame>, node: usize, value: Option<&str>) -> Called {
    let NodeCode::Signal(place) = frame.layout.code.nodes[node] else {
        return Ok(());
    };
    let place = || place(&Cx::new(frame, node), value);
    frame.run().restoring(place).map_err(|error| {
        let message = format!("what its signal carried is not what it waits for: {error}");
        node_error(frame, node, ErrorKind::Failed, 0, message)
    })
}
