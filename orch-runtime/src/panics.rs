//! A panic in a step is a failure of that step, and one in the `Drop` of a value is no failure.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, UnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use orch_core::run::RunId;

use crate::engine::run::Run;
use crate::engine::strand::panic_message;
use crate::ids;
use crate::observe::tracing;

/// Drops what a run that has ended leaves behind: a value whose `Drop` panics takes nothing from the run's result.
pub(crate) fn contain<T>(run: &Run, left: T) {
    let _ = contained(run, || drop(left));
}

/// The same for a run and all that it holds.
pub(crate) fn contain_whole<T>(run: Named, left: T) {
    let caught = catch_unwind(AssertUnwindSafe(|| drop(left)));
    if let Err(panic) = caught {
        let id = run.id.unwrap_or_else(ids::run);
        dropped_badly(run.workflow, &id, &*panic);
    }
}

/// Does what drops values; `None` if one of them panicked.
pub(crate) fn contained<R>(run: &Run, drops: impl FnOnce() -> R) -> Option<R> {
    let caught = catch_unwind(AssertUnwindSafe(drops));
    caught
        .map_err(|panic| dropped_badly(run.program.spec.name, run.id(), &*panic))
        .ok()
}

/// What says which run it was, for when it is gone.
pub(crate) struct Named {
    workflow: &'static str,
    /// `None` where nobody ever asked for it, so that any other says as much.
    id: Option<RunId>,
}

impl Named {
    pub(crate) fn of(run: &Run) -> Self {
        Self {
            workflow: run.program.spec.name,
            id: run.known_id().cloned(),
        }
    }
}

#[cold]
fn dropped_badly(workflow: &str, execution_id: &RunId, panic: &(dyn Any + Send)) {
    tracing::error!(
        target: "orch",
        event = "drop_panicked",
        workflow,
        %execution_id,
        panic = panic_message(panic),
    );
}

/// Awaits `future`; gives what it panicked with.
pub(crate) async fn catch<F: Future + UnwindSafe>(
    future: F,
) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}
