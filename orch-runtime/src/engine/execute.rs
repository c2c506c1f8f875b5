//! Executing a run from its first node to its last.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use orch_core::error::{NodeError, RunError};
use orch_core::run::RunStatus;
use orch_core::schedule::Stop;
use tokio::runtime::Handle;
use tokio::time::Sleep;

use super::frame::{Frame, Role};
use super::jobs::Jobs;
use super::run::{Halt, Run};
use super::settle::{self, verdict};
use super::strand::{Pause, Strand, strand};
use crate::ctx::Cx;
use crate::panics::{self, Named};
use crate::program::Workflow;

/// A run that has begun: should its future be dropped, it is stopped, and its `finally` nodes run on.
struct Going {
    /// What its result is taken with; it holds the frame, and by that the run.
    whole: Cx,
    /// The run that it is inside of.
    around: Option<Arc<Run>>,
    /// Whether the run has its result, so that nothing was dropped.
    concluded: bool,
}

impl Going {
    fn frame(&self) -> &Arc<Frame> {
        self.whole.ctx().frame()
    }

    fn run(&self) -> &Arc<Run> {
        self.frame().run()
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let run = self.whole.ctx().frame().run();
        if self.concluded || run.is_abandoned() {
            run.clear();
            return;
        }
        run.halt(Halt::Cancelled("its future was dropped".to_owned()));
        if let Some(around) = &self.around {
            around.one_inside_ends();
        }
        let ending = Ending {
            run: Arc::clone(run),
            around: self.around.take(),
        };
        if let Ok(handle) = Handle::try_current() {
            handle.spawn(async move {
                strand(Jobs::of(&ending.run)).await;
                finished(&ending.run).await;
            });
        }
    }
}

/// Ends a run whose future was dropped: when it has cleaned up, or when there is no runtime left to do so.
struct Ending {
    run: Arc<Run>,
    around: Option<Arc<Run>>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(observer) = &self.run.observer {
            observer.run_ended(&self.run, RunStatus::Cancelled);
        }
        if let Some(around) = &self.around {
            around.undo_after(&self.run);
        }
        self.run.clear();
        if let Some(around) = &self.around {
            around.one_inside_has_ended();
        }
    }
}

/// Waits until a run has finished, and those inside it whose futures were dropped have cleaned up.
pub(super) async fn finished(run: &Run) {
    if !run.is_finished() {
        let mut finishing = pin!(run.finishing.notified());
        finishing.as_mut().enable();
        if !run.is_finished() {
            finishing.await;
        }
    }
    run.those_inside_have_ended().await;
}

/// Runs a workflow to its end; what it has done and does not undo itself, the run around it may have to undo.
async fn execute<W: Workflow>(
    run: Arc<Run>,
    input: W::Input,
    around: Option<&Arc<Run>>,
) -> Result<W::Output, RunError<W::Error>> {
    let (frame, stop) = open::<W>(run, input);
    let mut going = Going {
        whole: Cx::of(frame, 0),
        around: around.cloned(),
        concluded: false,
    };
    drive(going.run(), begin(going.frame(), stop)).await;
    let result = conclude::<W>(&going.whole);
    if let Some(around) = around {
        around.undo_after(going.run());
    }
    going.concluded = true;
    let named = Named::of(going.run());
    panics::contain_whole(named, going);
    result
}

/// Makes the frame of the workflow's own nodes; with what keeps some of them from starting.
pub(super) fn open<W: Workflow>(run: Arc<Run>, input: W::Input) -> (Arc<Frame>, Option<Stop>) {
    let (layout, stop) = (&run.program.layout().root, run.stop());
    let opening = settle::opening(layout, Role::Root(run), stop);
    (opening.with(|| W::open(input)), stop)
}

/// What is ready at once.
pub(super) fn begin(frame: &Arc<Frame>, stop: Option<Stop>) -> Jobs<'_> {
    let mut jobs = Jobs::of(frame.run());
    settle::begin(frame, stop, &mut jobs);
    if let Some((frame, node)) = settle::next_call(Arc::clone(frame), &mut jobs) {
        let call = jobs.queued(frame, node);
        jobs.ready.push_front(call);
    }
    jobs
}

/// Drives a run's nodes until all have ended; not generic, so that it is compiled once.
pub(super) fn drive<'a>(
    run: &'a Arc<Run>,
    jobs: Jobs<'a>,
) -> impl Future<Output = ()> + Send + use<'a> {
    let mut strand = Strand::begin(jobs);
    async move {
        let deadline = run.program.spec.deadline;
        let late = deadline.map(|deadline| (deadline, Box::pin(tokio::time::sleep(deadline))));
        let pause = strand.turn().await;
        // Most small runs are over by now, and whoever awaits a future copies all of it: what the others need is apart.
        let over = matches!(pause, Pause::Idle) && run.is_finished() && !run.has_some_ending();
        if !over {
            Box::pin(drive_on(run, strand, pause, late)).await;
        }
    }
}

/// Drives a run from where its strand paused; halts it at its deadline.
async fn drive_on(
    run: &Run,
    mut strand: Strand<'_>,
    pause: Pause,
    late: Option<(Duration, Pin<Box<Sleep>>)>,
) {
    let mut whole = pin!(async {
        strand.go_on(pause).await;
        finished(run).await;
    });
    if let Some((deadline, late)) = late {
        tokio::select! {
            biased;
            () = &mut whole => return,
            () = late => {}
        }
        run.halt(Halt::TimedOut(format!(
            "it took longer than its deadline of {deadline:?}"
        )));
    }
    whole.await;
}

pub(super) fn conclude<W: Workflow>(whole: &Cx) -> Result<W::Output, RunError<W::Error>> {
    let frame = whole.ctx().frame();
    let run = frame.run();
    let workflow = run.program.spec.name;
    let mut errors = run.errors();
    match run.halted() {
        Some(Halt::Cancelled(reason)) => {
            let (id, reason) = (run.id().clone(), reason.clone());
            return Err(RunError::cancelled(id, workflow, reason, errors));
        }
        Some(Halt::TimedOut(reason)) => {
            let (id, reason) = (run.id().clone(), reason.clone());
            return Err(RunError::timed_out(id, workflow, reason, errors));
        }
        None => {}
    }
    if let Err(causes) = verdict(frame) {
        if errors.is_empty() {
            errors = causes;
        }
        return Err(RunError::failed(run.id().clone(), workflow, errors));
    }
    let taken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| W::finish(whole)));
    taken.map_err(|panic| {
        let place = orch_core::error::Place {
            run: run.id().clone(),
            workflow,
            node: "result".into(),
            step: "result",
            items: Vec::new(),
        };
        let message = super::strand::panic_message(&*panic);
        let kind = orch_core::error::ErrorKind::Panicked;
        let error = NodeError::new(kind, place, 1, message);
        RunError::failed(run.id().clone(), workflow, vec![error])
    })
}

/// Runs a workflow to its end, and reports its beginning and its end to whoever listens.
pub(crate) async fn execute_observed<W: Workflow>(
    run: Arc<Run>,
    input: W::Input,
    around: Option<&Arc<Run>>,
) -> Result<W::Output, RunError<W::Error>> {
    let Some(observer) = &run.observer else {
        return execute::<W>(run, input, around).await;
    };
    observer.run_started(&run);
    let result = observer
        .inside(&run, execute::<W>(Arc::clone(&run), input, around))
        .await;
    observer.run_ended(&run, status_of(&result));
    result
}

/// How a run stands that gave this.
pub(crate) fn status_of<T, E: 'static>(result: &Result<T, RunError<E>>) -> RunStatus {
    match result {
        Ok(_) => RunStatus::Completed,
        Err(error) => error.status(),
    }
}
