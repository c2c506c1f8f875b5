//! Driving a durable run for as long as it can go on.

use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};

use super::{Durability, Kept, Seat, Task, steer};
use crate::artifact::{self, NotKept, recording, restoring};
use crate::engine::record::{Errors, Ledger, Left, Record};
use crate::engine::run::Run;
use crate::engine::{Ended, execute_durable};
use crate::observe::tracing;
use crate::program::Workflow;
use crate::services::Services;
use crate::store::{Change, Held, History, Millis};
use crate::veil::Veiled;

/// How a run of a workflow is taken up again.
pub(super) type Resume = fn(Veiled<Services>, Seat, Held, History) -> Task;

/// A run that begins.
pub(crate) struct Beginning<W: Workflow> {
    pub(crate) held: Held,
    pub(crate) id: RunId,
    pub(crate) correlation_id: Arc<str>,
    pub(crate) deadline: Option<Millis>,
    pub(crate) input: W::Input,
}

/// Begins to drive a new run.
pub(crate) fn begin<W: Workflow>(
    services: Veiled<Services>,
    durability: &Arc<Durability>,
    seat: Seat,
    beginning: Beginning<W>,
) {
    let Beginning {
        held,
        id,
        correlation_id,
        deadline,
        input,
    } = beginning;
    let ledger = Ledger::new(Arc::clone(durability), (id.clone(), held), deadline, None);
    let first = run::<W>(&services, id, correlation_id, ledger);
    if let Some(observer) = first.observer.as_deref() {
        observer.open(&first);
    }
    let durability = Arc::clone(durability);
    // Before whoever starts it can send it a signal.
    durability.enter(held.run, &first);
    // Boxed, as a task's future is copied each time that it is handed on, and again when it has ended.
    tokio::spawn(Box::pin(async move {
        if reside::<W>(&durability, first, input).await {
            Box::pin(again::<W>(&services, &durability, held, None)).await;
        }
        seat.leave();
        durability.made_room::<W>();
    }));
}

fn run<W: Workflow>(
    services: &Veiled<Services>,
    id: RunId,
    correlation_id: Arc<str>,
    ledger: Ledger,
) -> Arc<Run> {
    let outlets = ledger.durability.outlets(ledger.held.run);
    let services = services.clone();
    let (id, outlets) = (Some(id), Some(outlets));
    let mut run = services.run_told(W::program(), id, Some(correlation_id), outlets);
    run.journal = Some(Veiled::new(Record::new(ledger, Errors::of::<W>())));
    Arc::new(run)
}

/// Takes a run up again.
pub(super) fn resume<W: Workflow>(
    services: Veiled<Services>,
    seat: Seat,
    held: Held,
    history: History,
) -> Task {
    Box::pin(async move {
        let durability = Arc::clone(&seat.durability);
        again::<W>(&services, &durability, held, Some(history)).await;
        seat.leave();
        durability.made_room::<W>();
    })
}

/// Drives a run that is held from what was recorded of it, for as long as it can go on.
async fn again<W: Workflow>(
    services: &Veiled<Services>,
    durability: &Arc<Durability>,
    held: Held,
    mut read: Option<History>,
) {
    loop {
        let history = match read.take() {
            Some(history) => history,
            None => match durability.read(held).await {
                Some(history) => history,
                None => return durability.put_off(held).await,
            },
        };
        if let Some(reason) = misfit::<W>(&history) {
            return park(durability, held, reason).await;
        }
        let Some(codec) = W::codec() else { return };
        let home = Some(durability.home(held.run));
        let decode = || (codec.decode_input)(&history.run.input);
        let input = match restoring(home, Vec::new(), decode) {
            Ok(input) => input,
            Err(error) => {
                let reason = format!("its recorded input no longer fits its type: {error}");
                return park(durability, held, reason).await;
            }
        };
        let id = history.run.id.clone();
        let correlation_id = Arc::from(history.run.correlation_id.as_str());
        let deadline = history.run.deadline;
        let ledger = Ledger::new(
            Arc::clone(durability),
            (id.clone(), held),
            deadline,
            Some(history),
        );
        let run = run::<W>(services, id, correlation_id, ledger);
        durability.enter(held.run, &run);
        // What came after the history was read, and before the run could be found.
        durability.signalled(held.run);
        if !reside::<W>(durability, run, input).await {
            return;
        }
    }
}

/// Why a run cannot go on under its workflow as it is now.
fn misfit<W: Workflow>(history: &History) -> Option<String> {
    let (spec, run) = (W::SPEC, &history.run);
    let fits = run.version == spec.version || spec.compatible_with.contains(&run.version.as_str());
    if !fits {
        return Some(format!(
            "it was started under version `{}` of `{}`, and this is version `{}`: deploy the version that it was started under, or say `compatible_with = [\"{}\"]`",
            run.version, spec.name, spec.version, run.version
        ));
    }
    let same = run.fingerprint == W::program().layout().fingerprint;
    (!same && run.version == spec.version).then(|| {
        format!(
            "the graph of `{}` is not the one that it was started on, under the same version `{}`: give the changed graph a version of its own",
            spec.name, spec.version
        )
    })
}

async fn park(durability: &Arc<Durability>, held: Held, reason: String) {
    tracing::error!(target: "orch", event = "run_parked", run = held.run.0, reason);
    let change = Change::Suspend {
        held,
        entries: Vec::new(),
        status: RunStatus::Parked,
        ready_at: None,
        seen: i64::MAX,
        reason: Some(reason.clone()),
    };
    // Refused, the run is no longer this orchestrator's to park.
    let _ = durability.journal.submit(change).await;
    let kept = Kept::without_result(RunStatus::Parked, &reason);
    durability.ended(held.run, &Arc::new(kept));
}

/// Drives a run until it ends or is let go of; says whether it is still held and is to be driven anew.
async fn reside<W: Workflow>(durability: &Arc<Durability>, run: Arc<Run>, input: W::Input) -> bool {
    let Some(record) = run.journal.clone() else {
        return false;
    };
    let key = record.held.run;
    if !record.has_history() {
        steer::steer(&run);
    }
    let ended = execute_durable::<W>(Arc::clone(&run), input).await;
    durability.exit(key);
    match ended {
        Ended::Over(result) => {
            let (kept, refers) = recording(|| Kept::of::<W>(&result));
            let kept = match artifact::keep(refers, &**durability, key).await {
                Ok(()) => Arc::new(kept),
                Err(NotKept::Value(error)) => {
                    let reason = format!("its result cannot be kept: {error}");
                    Arc::new(Kept::without_result(RunStatus::Failed, &reason))
                }
                Err(NotKept::Store(error)) => {
                    lost(durability, &run, &error.to_string());
                    return false;
                }
            };
            let change = Change::End {
                held: record.held,
                entries: record.riders(),
                status: kept.status,
                output: kept.output.clone(),
                error: kept.error.clone(),
                at: durability.clock.now(),
            };
            match durability.journal.submit(change).await {
                Ok(_) => durability.ended(key, &kept),
                Err(error) => lost(durability, &run, &error.to_string()),
            }
            false
        }
        Ended::Waiting(until) => {
            let kept = record.suspend(RunStatus::Waiting, until, None).await;
            durability.stir();
            !kept
        }
        Ended::Left(Left::Paused(reason) | Left::Stumbled(reason)) => {
            !record.suspend(RunStatus::Paused, None, Some(reason)).await
        }
        Ended::Left(Left::Resumed) => {
            record.suspend(RunStatus::Queued, Some(0), None).await;
            durability.stir();
            false
        }
        Ended::Left(Left::Released) => {
            record.suspend(RunStatus::Queued, Some(0), None).await;
            durability.ended(key, &Arc::new(Kept::shut_down()));
            false
        }
        Ended::Left(Left::Parked(reason)) => {
            park(durability, record.held, reason).await;
            false
        }
        Ended::Left(Left::Lost(reason)) => {
            lost(durability, &run, &reason);
            false
        }
    }
}

/// A run could not be recorded: it goes on elsewhere, or when it is taken up again.
fn lost(durability: &Durability, run: &Run, reason: &str) {
    tracing::error!(target: "orch", event = "run_lost", execution_id = %run.id(), reason);
    if let Some(record) = &run.journal {
        let reason = format!("it could not be recorded any further: {reason}");
        let kept = Kept::without_result(RunStatus::Running, &reason);
        durability.ended(record.held.run, &Arc::new(kept));
    }
}
