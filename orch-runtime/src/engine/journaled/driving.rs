//! Driving a durable run until it ends, waits for long, or is left.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use orch_core::error::RunError;

use crate::ctx::Cx;
use crate::durability::steer;
use crate::engine::execute::{begin, conclude, drive, finished, open, status_of};
use crate::engine::jobs::Jobs;
use crate::engine::record::{Left, Next};
use crate::engine::run::{Halt, Run};
use crate::engine::strand::strand;
use crate::panics;
use crate::program::Workflow;
use crate::store::Millis;

/// How a durable run stands when it is no longer driven here.
pub(crate) enum Ended<W: Workflow> {
    /// It has its result.
    Over(Result<W::Output, RunError<W::Error>>),
    /// It waits, and nothing of it goes on by itself before this time, or ever.
    Waiting(Option<Millis>),
    /// It is left before its end.
    Left(Left),
}

/// Runs a durable workflow until it ends, waits for long, or is left.
pub(crate) async fn execute_durable<W: Workflow>(run: Arc<Run>, input: W::Input) -> Ended<W> {
    let observer = run.observer.as_deref();
    if let Some(observer) = observer {
        observer.run_started(&run);
    }
    let (frame, stop) = open::<W>(Arc::clone(&run), input);
    let jobs = begin(&frame, stop);
    let ended = match observer {
        Some(observer) => observer.inside(&run, drive_durable(&run, jobs)).await,
        None => drive_durable(&run, jobs).await,
    };
    let ended = match ended {
        Driven::Over => Ended::Over(conclude::<W>(&Cx::new(&frame, 0))),
        Driven::Waiting(until) => Ended::Waiting(until),
        Driven::Left(left) => Ended::Left(left),
    };
    if let (Some(observer), Ended::Over(result)) = (observer, &ended) {
        observer.run_ended(&run, status_of(result));
    }
    run.clear();
    panics::contain(&run, frame);
    ended
}

enum Driven {
    Over,
    Waiting(Option<Millis>),
    Left(Left),
}

/// How long a run that waits stays here before it is let go of, as long as others have room.
const LINGER: Duration = Duration::from_secs(1);

async fn drive_durable(run: &Arc<Run>, jobs: Jobs<'_>) -> Driven {
    let Some(record) = &run.journal else {
        drive(run, jobs).await;
        return Driven::Over;
    };
    let mut whole = pin!(async {
        strand(jobs).await;
        finished(run).await;
    });
    let clock = &record.durability.clock;
    let mut deadline = pin!(async {
        match record.deadline {
            Some(deadline) => clock.sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    });
    let passed = || {
        record
            .deadline
            .is_some_and(|deadline| deadline <= clock.now())
    };
    let mut late = false;
    let mut lingers = pin!(None::<tokio::time::Sleep>);
    loop {
        // Before the next call, where it passed while nobody was there.
        if !late && passed() {
            late = true;
            run.halt(Halt::TimedOut("its deadline has passed".to_owned()));
        }
        let lingered = async {
            match lingers.as_mut().as_pin_mut() {
                Some(lingers) => lingers.await,
                None => std::future::pending().await,
            }
        };
        let mut over = false;
        tokio::select! {
            biased;
            () = &mut whole => return Driven::Over,
            () = record.stirred.notified() => {}
            () = &mut deadline, if !late => continue,
            () = lingered => over = true,
        }
        match steer::next(run, record) {
            Next::Again => lingers.set(None),
            Next::Wait(until) => {
                let soon =
                    until.is_some_and(|until| until - clock.now() <= LINGER.as_millis() as Millis);
                if over && !soon {
                    run.abandon();
                    return Driven::Waiting(until);
                }
                let linger = if record.durability.has_ample_room() {
                    LINGER
                } else {
                    Duration::ZERO
                };
                lingers.set(Some(tokio::time::sleep(linger)));
            }
            Next::Leave(left) => {
                run.abandon();
                return Driven::Left(left);
            }
        }
    }
}
