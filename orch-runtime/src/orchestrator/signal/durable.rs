//! Signals for durable runs.

use std::sync::Arc;

use orch_core::run::RunId;

use crate::artifact::{self, Blob, NotKept};
use crate::durability::Durability;
use crate::orchestrator::error::SteerError;
use crate::orchestrator::runs::{Runs, path};
use crate::store::{Applied, Change, SignalRecord};

/// Keeps a signal for its run, with the time and the number that it gets there; whether it was the first of its node and event id.
pub(super) async fn deliver(
    durability: &Arc<Durability>,
    run: RunId,
    (signal, refers): (SignalRecord, Vec<Blob>),
) -> Result<bool, SteerError> {
    let (run, name) = located(durability, run, signal.name, &signal.value).await?;
    keep(refers, durability, &run).await?;
    let change = Change::Signal {
        run: run.clone(),
        name,
        event: signal.event,
        value: signal.value,
        at: durability.clock.now(),
    };
    match durability.journal.submit(change).await {
        Ok(Applied::Signalled { run, fresh, .. }) => {
            durability.signalled_here(run).await;
            Ok(fresh)
        }
        Ok(_) => Ok(false),
        Err(error) => Err(SteerError::of(&run, &error)),
    }
}

/// The outermost run, and the name that a signal has there: of a run inside another, whose id has that one's in it.
///
/// That the node waits for such a signal is checked where the workflow is registered.
async fn located(
    durability: &Arc<Durability>,
    run: RunId,
    name: String,
    value: &str,
) -> Result<(RunId, String), SteerError> {
    let runs = Runs::new(Arc::clone(durability));
    let (outermost, within, workflow) = match runs.find(run.as_str()).await? {
        Some(record) => (run, String::new(), record.workflow),
        None => {
            let located = runs.locate(run.as_str()).await?;
            (
                located.outermost,
                located.within,
                located.history.run.workflow,
            )
        }
    };
    if let Some(registered) = durability.registered(&workflow) {
        let path = path(&name);
        let refused = |reason: &str| Err(SteerError::node(path, reason));
        match registered.check_signal(path, value) {
            None => return refused("waits for no signal in this workflow"),
            Some((fans, _)) if fans != name[path.len()..].matches('/').count() => {
                return refused(match fans {
                    0 => "is not inside a `for`: leave out `.item(…)`",
                    _ => {
                        "is inside a `for`: say which item it is for with `.item(n)`, once for each `for` around it"
                    }
                });
            }
            Some((_, Err(error))) => return Err(SteerError::value(&error)),
            Some((_, Ok(()))) => {}
        }
    }
    Ok((outermost, format!("{within}{name}")))
}

/// Keeps what a signal refers to, for the run that it is sent to.
async fn keep(refers: Vec<Blob>, durability: &Durability, run: &RunId) -> Result<(), SteerError> {
    if refers.is_empty() {
        return Ok(());
    }
    let found = durability.journal.find(run.clone()).await;
    let found = found.map_err(|error| SteerError::store(&error))?;
    let Some(record) = found else {
        return Err(SteerError::NoRun { run: run.clone() });
    };
    match artifact::keep(refers, durability, record.key).await {
        Ok(()) => Ok(()),
        Err(NotKept::Value(error)) => Err(SteerError::Value {
            reason: error.to_string(),
        }),
        Err(NotKept::Store(error)) => Err(SteerError::of(run, &error)),
    }
}
