//! Signals for durable runs, where the feature `durable` is left out: there is no such run.

use std::future::Ready;
use std::sync::Arc;

use orch_core::run::RunId;

use crate::artifact::Blob;
use crate::durability::Durability;
use crate::durable::SignalRecord;
use crate::orchestrator::error::SteerError;

pub(super) fn deliver(
    durability: &Arc<Durability>,
    _run: RunId,
    _sent: (SignalRecord, Vec<Blob>),
) -> Ready<Result<bool, SteerError>> {
    match **durability {}
}
