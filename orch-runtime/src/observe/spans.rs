//! Runs, calls and attempts inside their spans.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::tracing::instrument::{Instrument as _, Instrumented};
use super::tracing::{self, Span};
use super::{Observer, Queued};
use crate::engine::frame::Frame;

/// Awaits what is pinned elsewhere inside a span.
///
/// [`Instrument`](tracing::instrument::Instrument) would enter the span once more to drop what it was given, which is
/// nothing here.
pub(crate) struct During<'a, F> {
    span: Span,
    future: Pin<&'a mut F>,
}

pub(crate) const fn during<F: Future>(span: Span, future: Pin<&mut F>) -> During<'_, F> {
    During { span, future }
}

impl<F: Future> Future for During<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { span, future } = self.get_mut();
        span.in_scope(|| future.as_mut().poll(cx))
    }
}

/// Awaits a run inside its span, which it enters once more only to drop what has not come to its end.
pub(crate) struct Inside<'a, F: Future> {
    span: &'a Span,
    /// `None` once it has come to its end; boxed, as runs that nobody observes have no room for it.
    run: Option<Pin<Box<F>>>,
}

impl<'a, F: Future> Inside<'a, F> {
    pub(super) fn new(span: &'a Span, run: F) -> Self {
        let run = Some(Box::pin(run));
        Self { span, run }
    }
}

impl<F: Future> Future for Inside<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { span, run } = self.get_mut();
        let _entered = span.enter();
        let Some(going) = run else {
            return Poll::Pending;
        };
        let polled = going.as_mut().poll(cx);
        if polled.is_ready() {
            *run = None;
        }
        polled
    }
}

impl<F: Future> Drop for Inside<'_, F> {
    fn drop(&mut self) {
        if self.run.is_some() {
            self.span.in_scope(|| self.run = None);
        }
    }
}

/// Watches a plain call: one attempt and no other, so that the call's span is the attempt's too.
pub(crate) struct PlainWatch(Span);

impl PlainWatch {
    pub(crate) fn new(
        observer: &Observer,
        frame: &Arc<Frame>,
        node: usize,
        queued: Option<Queued>,
    ) -> Self {
        let call = observer.call_started(frame, node, queued);
        observer.attempted(frame, node, 0);
        Self(call)
    }

    /// Begins the call or goes on with it.
    pub(crate) fn inside<R>(&self, call: impl FnOnce() -> R) -> R {
        self.0.in_scope(call)
    }
}

/// Watches one attempt.
pub(crate) struct AttemptWatch(Span);

impl AttemptWatch {
    pub(crate) fn new(frame: &Frame, node: usize, tier: usize, attempt: u32) -> Self {
        let Some(observer) = &frame.run().observer else {
            return Self(Span::none());
        };
        observer.attempted(frame, node, tier);
        Self(tracing::info_span!(target: "orch", "attempt", attempt))
    }

    /// Awaits an attempt that is pinned elsewhere.
    pub(crate) fn during<F: Future>(self, attempt: Pin<&mut F>) -> During<'_, F> {
        during(self.0, attempt)
    }

    pub(crate) fn inside<F: Future>(self, future: F) -> Instrumented<F> {
        future.instrument(self.0)
    }
}
