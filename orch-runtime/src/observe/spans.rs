//! Attempts and calls inside their spans.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Observer;
use super::tracing::instrument::{Instrument as _, Instrumented};
use super::tracing::{self, Span};
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

    /// Watches the one attempt of a call whose span this is; nobody looks for the span around it where it is known.
    pub(crate) fn only(call: &Span, observer: &Observer, frame: &Frame, node: usize) -> Self {
        observer.attempted(frame, node, 0);
        Self(match call.id() {
            Some(call) => tracing::info_span!(target: "orch", parent: call, "attempt", attempt = 1),
            None => tracing::info_span!(target: "orch", "attempt", attempt = 1),
        })
    }

    /// Awaits an attempt that is pinned elsewhere.
    pub(crate) fn during<F: Future>(self, attempt: Pin<&mut F>) -> During<'_, F> {
        during(self.0, attempt)
    }

    pub(crate) fn inside<F: Future>(self, future: F) -> Instrumented<F> {
        future.instrument(self.0)
    }
}
