//! What operators ask of a run comes as signals, so that it reaches the run wherever it is, and is on record.

use std::future::Future;

use orch_core::run::RunId;

use super::Durability;
use crate::engine::record::{Left, Next, Phase, Record, Steered};
use crate::engine::run::{Halt, Run};
use crate::store::journal::JournalError;
use crate::store::{Applied, Change, SignalRecord};

pub(crate) const CANCEL: &str = "@cancel";
pub(crate) const PAUSE: &str = "@pause";
pub(crate) const RESUME: &str = "@resume";

/// Gives a run signals, and does what operators ask for in them.
pub(crate) fn signal(run: &Run, signals: Vec<SignalRecord>) {
    let Some(record) = &run.journal else { return };
    let mut steered = record.steer();
    record.mailbox.put(signals);
    obey(run, record, &mut steered);
}

/// What to do about a run that may be quiet, once what operators asked for is done.
///
/// No signal comes while that is decided, so that none is passed over by whoever leaves the run.
pub(crate) fn next(run: &Run, record: &Record) -> Next {
    let mut steered = record.steer();
    let next = record.next();
    obey(run, record, &mut steered);
    steered.seen = record.mailbox.seen();
    match next {
        Next::Again => next,
        // After what was asked for it may be something else.
        _ => record.next(),
    }
}

/// Does what operators asked for.
pub(crate) fn steer(run: &Run) {
    if let Some(record) = &run.journal {
        obey(run, record, &mut record.steer());
    }
}

/// Does what operators asked for, in its order, unless the run still goes over its history.
fn obey(run: &Run, record: &Record, steered: &mut Steered) {
    if record.phase() == Phase::Retracing {
        return;
    }
    // What was asked for before the run was taken up again from an earlier point is done with.
    let past = record.retried_after();
    while let Some(cancel) = record.mailbox.try_take(CANCEL) {
        if cancel.number > past {
            run.halt(Halt::Cancelled(text(&cancel)));
            steered.stopped |= cancel.number > record.began_with;
        }
    }
    let mut pause: Option<SignalRecord> = None;
    while let Some(asked) = record.mailbox.try_take(PAUSE) {
        pause = Some(asked).filter(|asked| asked.number > past);
    }
    let mut resumed = false;
    while let Some(asked) = record.mailbox.try_take(RESUME) {
        pause = pause.filter(|pause| pause.number > asked.number);
        resumed = true;
    }
    if run.halted().is_some() {
        // It is undone, and there is nothing that a pause could keep from being done.
        return record.stay();
    }
    if resumed && pause.is_none() {
        record.resume();
    }
    if let Some(pause) = pause {
        record.leave(Left::Paused(text(&pause)));
    }
}

/// The reason that an operator gave.
fn text(signal: &SignalRecord) -> String {
    serde_json::from_str(&signal.value).unwrap_or_default()
}

/// Asks a run for something; it is kept when the future ends.
pub(crate) fn ask(
    durability: &Durability,
    run: RunId,
    what: &str,
    reason: &str,
) -> impl Future<Output = Result<Applied, JournalError>> + Send + 'static {
    durability.journal.submit(Change::Signal {
        run,
        name: what.to_owned(),
        event: None,
        value: serde_json::Value::from(reason).to_string(),
        at: durability.clock.now(),
    })
}

/// Lets the run know that it was asked for something, if it is under way here.
pub(crate) fn asked(durability: &Durability, asked: Result<Applied, JournalError>) {
    if let Ok(Applied::Signalled { run, .. }) = asked {
        durability.signalled(run);
    }
}
