//! A panic in a step is a failure of that step, and one in the `Drop` of a value is no failure.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, UnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::engine::run::Run;
use crate::engine::strand::panic_message;

/// Drops what a run that has ended leaves behind: a value whose `Drop` panics takes nothing from the run's result.
pub(crate) fn contain<T>(run: &Run, left: T) {
    let _ = contained(run, || drop(left));
}

/// Does what drops values; `None` if one of them panicked.
pub(crate) fn contained<R>(run: &Run, drops: impl FnOnce() -> R) -> Option<R> {
    let caught = catch_unwind(AssertUnwindSafe(drops));
    caught.map_err(|panic| dropped_badly(run, &*panic)).ok()
}

#[cold]
fn dropped_badly(run: &Run, panic: &(dyn Any + Send)) {
    tracing::error!(
        target: "orch",
        event = "drop_panicked",
        workflow = run.program.spec.name,
        execution_id = %run.id(),
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
