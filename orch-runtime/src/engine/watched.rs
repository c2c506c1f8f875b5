//! Plain calls that somebody watches: one attempt and nothing else, in its span.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

use super::call;
use super::frame::Frame;
use super::strand::{Begun, Call, Called, panicked};
use crate::ctx::Cx;
use crate::observe::PlainWatch;
use crate::panics;
use crate::program::{Done, Started, Thrown};

/// Begins a call and polls it once: only what then waits needs a future of its own.
pub(super) fn begin(
    frame: &Arc<Frame>,
    node: usize,
    watch: PlainWatch,
    code: fn(Cx) -> Started,
    cx: &mut Context<'_>,
) -> Begun {
    let first = || match code(Cx::new(frame, node)) {
        Started::Pending(mut attempt) => match attempt.as_mut().poll(cx) {
            Poll::Ready(result) => Started::Ended(result),
            Poll::Pending => Started::Pending(attempt),
        },
        ended => ended,
    };
    match catch_unwind(AssertUnwindSafe(|| watch.inside(first))) {
        Ok(Started::Ended(result)) => Begun::Over(seen(frame, node, Ok(result))),
        Ok(Started::Pending(mut attempt)) => {
            let frame = Arc::clone(frame);
            Begun::Pending(Call::Whole(Box::pin(async move {
                let goes_on = poll_fn(|cx| watch.inside(|| attempt.as_mut().poll(cx)));
                let result = panics::catch(AssertUnwindSafe(goes_on)).await;
                seen(&frame, node, result)
            })))
        }
        Err(panic) => Begun::Over(seen(frame, node, Err(panic))),
    }
}

/// Says how a watched attempt ended.
fn seen(frame: &Arc<Frame>, node: usize, result: thread::Result<Result<Done, Thrown>>) -> Called {
    let result = match result {
        Ok(result) => call::named(frame, node, result),
        Err(panic) => panicked(frame, node, &*panic),
    };
    if let (Err(error), Some(observer)) = (&result, &frame.run().observer) {
        observer.attempt_failed(frame, node, 0, error, None);
    }
    result
}
