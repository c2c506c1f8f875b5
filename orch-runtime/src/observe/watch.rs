//! One run's observer.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use orch_core::error::{ErrorKind, NodeError};
use orch_core::run::{Progress, RunEvent, RunEventKind, RunStatus};
use orch_core::schedule::Status;
#[cfg(feature = "serde")]
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::advance::Advance;
use super::metrics::QueueDepth;
use super::outlet::Outlets;
use super::spans::Inside;
use super::tracing::{self, Span};
use super::{Handles, call};
use crate::engine::frame::Frame;
use crate::engine::run::Run;
use crate::engine::under_way::Standstill;
use crate::json;
use crate::program::Program;
use crate::services::Services;

/// A partial result that a step streamed.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Emission {
    /// The node's path.
    pub node: Arc<str>,
    /// Which item of each fan-out around it.
    pub items: Vec<usize>,
    /// The value.
    pub value: json::Value,
}

#[cfg(feature = "json")]
impl Emission {
    /// The value as a `T`.
    ///
    /// # Errors
    /// If it is not one.
    pub fn get<T: serde::de::DeserializeOwned>(&self) -> Result<T, json::Error> {
        T::deserialize(&self.value)
    }
}

/// Tells whoever listens what happens in one run.
#[derive(Debug)]
pub(crate) struct Observer {
    metrics: Option<Handles>,
    workflow: &'static str,
    began: Instant,
    began_at: SystemTime,
    advance: Advance,
    span: OnceLock<Span>,
    /// How it ended.
    last: OnceLock<Stage>,
    outlets: Arc<Outlets>,
}

/// Where a run stands when its progress is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Going,
    Completed,
    /// It ended, and not well.
    Stopped,
}

impl Observer {
    pub(crate) fn new(
        services: &Services,
        program: &'static Program,
        outlets: Arc<Outlets>,
    ) -> Self {
        Self {
            metrics: services.listeners.metrics(program),
            workflow: program.spec.name,
            began: Instant::now(),
            began_at: SystemTime::now(),
            advance: Advance::new(program.layout()),
            span: OnceLock::new(),
            last: OnceLock::new(),
            outlets,
        }
    }

    pub(crate) fn outlets(&self) -> &Arc<Outlets> {
        &self.outlets
    }

    /// A reader's receiver, which finds out how far the run is now and gets what follows; a copy of its handle's.
    pub(crate) fn read_progress(
        &self,
        run: &Run,
        receiver: Option<&watch::Receiver<Option<Progress>>>,
    ) -> watch::Receiver<Option<Progress>> {
        let (watched, reader) = match (self.outlets.progress.get(), receiver) {
            (Some(watched), Some(receiver)) => (watched, receiver.clone()),
            // It has ended.
            _ => watch::channel(None),
        };
        let _told = self.outlets.told();
        let stage = self.last.get().copied().unwrap_or(Stage::Going);
        watched.send_replace(Some(self.progress_at(run, stage)));
        reader
    }

    /// Streams what the steps of a run inside this one stream, as if they were this one's.
    pub(crate) fn adopt(&self, child: &Self) {
        if let Some(emissions) = self.outlets.emissions.sender() {
            child.outlets.emissions.forward(emissions);
        }
    }

    fn tell(&self, run: &Run, kind: impl FnOnce() -> RunEventKind) {
        let listeners = &run.services.listeners;
        // What happened before the run was taken up was told then.
        let events = self.outlets.events.get().filter(|_| !run.is_retracing());
        if events.is_none() && listeners.on_event.is_empty() {
            return;
        }
        let mut told = self.outlets.told();
        *told += 1;
        let event = RunEvent {
            seq: *told,
            at: self.began_at + self.began.elapsed(),
            run: run.id().clone(),
            correlation_id: Arc::clone(run.correlation_id()),
            workflow: self.workflow,
            kind: kind(),
        };
        call(&listeners.on_event, &event);
        if let Some(events) = events {
            // Nobody reading is no error.
            let _ = events.send(event);
        }
    }

    fn tell_progress(&self, run: &Run, stage: Stage) {
        let listeners = &run.services.listeners;
        // Whoever begins to read when the end is told finds out by itself, under the same lock.
        let told = (stage != Stage::Going).then(|| self.outlets.told());
        // The handle's own receiver reads nothing, and has the last state for whoever comes after the end.
        let read = |sender: &watch::Sender<_>| stage != Stage::Going || sender.receiver_count() > 1;
        let watched = self.outlets.progress.get_if(read);
        let watched = watched.filter(|_| !run.is_retracing());
        if watched.is_none() && listeners.on_progress.is_empty() {
            return;
        }
        let _told = told.unwrap_or_else(|| self.outlets.told());
        let progress = self.progress_at(run, stage);
        call(&listeners.on_progress, &progress);
        if let Some(watched) = watched {
            watched.send_replace(Some(progress));
        }
    }

    fn progress_at(&self, run: &Run, stage: Stage) -> Progress {
        let (completed, expected, share) = self.advance.so_far();
        let (total, percentage) = match stage {
            // Items that never started are expected no longer.
            Stage::Completed => (completed, 100.0),
            // A run that has not ended is not done, whatever its nodes say.
            _ => (expected, (share * 100.0).min(99.0)),
        };
        Progress {
            execution_id: run.id().clone(),
            workflow_id: self.workflow,
            start_time: self.began_at,
            current_step: self.advance.current(),
            completed_steps: completed,
            total_steps: total,
            percentage,
        }
    }

    pub(crate) fn run_started(&self, run: &Run) {
        if let Some(metrics) = &self.metrics {
            metrics.run_started();
        }
        tracing::info!(
            target: "orch",
            event = "run_started",
            workflow = self.workflow,
            execution_id = %run.id(),
            correlation_id = %run.correlation_id(),
        );
        self.tell(run, || RunEventKind::RunStarted);
        self.tell_progress(run, Stage::Going);
    }

    /// Opens the run's span under the caller's, so that a trace that came in from outside goes on in the run.
    pub(crate) fn open(&self, run: &Run) -> &Span {
        self.span.get_or_init(|| {
            tracing::info_span!(
                target: "orch",
                "run",
                workflow = self.workflow,
                execution_id = %run.id(),
                correlation_id = %run.correlation_id(),
            )
        })
    }

    /// Awaits a run inside its span.
    pub(crate) fn inside<F: Future>(&self, run: &Run, future: F) -> Inside<'_, F> {
        Inside::new(self.open(run), future)
    }

    pub(crate) fn run_ended(&self, run: &Run, status: RunStatus) {
        let took = self.began.elapsed();
        let stage = *self.last.get_or_init(|| match status {
            RunStatus::Completed => Stage::Completed,
            _ => Stage::Stopped,
        });
        if let Some(metrics) = &self.metrics {
            metrics.run_ended(status, took);
        }
        tracing::info!(
            target: "orch",
            event = "run_ended",
            workflow = self.workflow,
            execution_id = %run.id(),
            correlation_id = %run.correlation_id(),
            status = status.as_str(),
            duration_ms = took.as_secs_f64() * 1000.0,
        );
        self.tell(run, || RunEventKind::RunEnded {
            status,
            duration: took,
        });
        self.tell_progress(run, stage);
        self.outlets.close();
    }

    /// More nodes than the plan has: those of an item or of an arm.
    pub(crate) fn expect_more(&self, nodes: u64) {
        self.advance.expect_more(nodes);
    }

    /// A call is ready and waits for its turn, from now on if not said otherwise; `None` where nobody measures how long.
    pub(crate) fn node_queued(&self, since: Option<Instant>) -> Option<Queued> {
        let metrics = self.metrics.as_ref()?;
        Some(Queued {
            since: since.unwrap_or_else(Instant::now),
            depth: Some(metrics.queued()),
        })
    }

    pub(crate) fn node_started(&self, frame: &Arc<Frame>, node: usize) {
        self.started(frame, node, None);
    }

    /// A call begins: gives the span it runs in.
    pub(crate) fn call_started(
        &self,
        frame: &Arc<Frame>,
        node: usize,
        queued: Option<Queued>,
    ) -> Span {
        self.started(frame, node, queued);
        let layout = &frame.layout.nodes[node];
        tracing::info_span!(
            target: "orch",
            parent: self.span.get().and_then(Span::id),
            "node",
            task_id = &*layout.path,
            step = layout.step(),
            items = ?ItemsOf(frame),
        )
    }

    fn started(&self, frame: &Arc<Frame>, node: usize, queued: Option<Queued>) {
        let layout = &frame.layout.nodes[node];
        let now = match &queued {
            Some(Queued { since, depth: None }) => *since,
            _ => Instant::now(),
        };
        if let (Some(metrics), Some(queued)) = (&self.metrics, queued) {
            metrics.node_started(layout, now - queued.since);
        }
        let since = now.saturating_duration_since(self.began);
        frame.starts.begin(node, frame.layout.nodes.len(), since);
        self.advance.began(layout);
        self.tell(frame.run(), || RunEventKind::NodeStarted {
            node: Arc::clone(&layout.path),
            items: frame.items(),
        });
        self.tell_progress(frame.run(), Stage::Going);
    }

    /// A node ends now, which is given back.
    pub(crate) fn node_ended(&self, frame: &Arc<Frame>, node: usize, status: Status) -> Instant {
        let (layout, now) = (&frame.layout.nodes[node], Instant::now());
        self.advance.ended(frame, node);
        let since = now.saturating_duration_since(self.began);
        let began = frame.starts.end(node);
        let took = began.map(|began| since.saturating_sub(began));
        let error = status.is_failure().then(|| frame.error(node)).flatten();
        // A control form fails with what failed inside it, which was told already.
        let own = |error: &&NodeError| status == Status::Failed && error.node() == &*layout.path;
        let failure = error.as_ref().filter(own);
        if let Some(metrics) = &self.metrics {
            metrics.node_ended(layout, status, took);
            if let Some(failure) = failure {
                metrics.failed(failure.kind());
            }
        }
        self.log_end(frame, node, status, took, error.as_ref());
        // What is recorded of a durable run is told when it is recorded, and not when it is gone over again.
        if let Some(failure) = failure.filter(|failure| failure.kind() != ErrorKind::Cancelled)
            && layout.notifies_human()
            && frame.run().journal.is_none()
        {
            self.wants_attention(frame.run(), failure);
        }
        if let Some(failure) = failure {
            call(&frame.run().services.listeners.on_error, failure);
        }
        self.tell(frame.run(), || RunEventKind::NodeEnded {
            node: Arc::clone(&layout.path),
            items: frame.items(),
            status,
            duration: took.unwrap_or_default(),
            error,
        });
        self.tell_progress(frame.run(), Stage::Going);
        now
    }

    fn log_end(
        &self,
        frame: &Frame,
        node: usize,
        status: Status,
        took: Option<Duration>,
        error: Option<&NodeError>,
    ) {
        let layout = &frame.layout.nodes[node];
        let (task_id, execution_id) = (&*layout.path, frame.run().id());
        let duration_ms = took.unwrap_or_default().as_secs_f64() * 1000.0;
        match error {
            Some(error) => tracing::warn!(
                target: "orch",
                event = "task_failed",
                task_id,
                %execution_id,
                duration_ms,
                status = status.as_str(),
                error_type = error.code(),
                attempt = error.attempt(),
                error = error.message(),
            ),
            None => tracing::info!(
                target: "orch",
                event = "task_ended",
                task_id,
                %execution_id,
                duration_ms,
                status = status.as_str(),
            ),
        }
    }

    pub(super) fn attempted(&self, frame: &Frame, node: usize, tier: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.attempted(&frame.layout.nodes[node], tier);
        }
    }

    pub(crate) fn attempt_failed(
        &self,
        frame: &Arc<Frame>,
        node: usize,
        tier: usize,
        error: &NodeError,
        retry_in: Option<Duration>,
    ) {
        if let (Some(metrics), Some(_)) = (&self.metrics, retry_in) {
            metrics.retried(&frame.layout.nodes[node], tier);
        }
        if let Some(wait) = retry_in {
            tracing::warn!(
                target: "orch",
                event = "attempt_failed",
                task_id = error.node(),
                execution_id = %frame.run().id(),
                attempt = error.attempt(),
                error_type = error.code(),
                error = error.message(),
                retry_in_ms = wait.as_secs_f64() * 1000.0,
            );
        }
        self.tell(frame.run(), || RunEventKind::AttemptFailed {
            error: error.clone(),
            retry_in,
        });
    }

    /// An undo step failed for good.
    pub(crate) fn undo_failed(&self, run: &Run, error: &NodeError) {
        tracing::error!(
            target: "orch",
            event = "undo_failed",
            task_id = error.node(),
            execution_id = %run.id(),
            attempt = error.attempt(),
            error_type = error.code(),
            error = error.message(),
        );
        call(&run.services.listeners.on_error, error);
    }

    /// A node failed for good, and somebody is to know.
    pub(crate) fn wants_attention(&self, run: &Run, error: &NodeError) {
        tracing::error!(
            target: "orch",
            event = "human_attention",
            workflow = self.workflow,
            execution_id = %run.id(),
            task_id = error.node(),
            error_type = error.code(),
            attempt = error.attempt(),
            error = error.message(),
        );
        self.tell(run, || RunEventKind::HumanAttention {
            error: error.clone(),
        });
    }

    /// A node failed with an error that pauses the run.
    pub(crate) fn paused(&self, run: &Run, error: &NodeError) {
        tracing::warn!(
            target: "orch",
            event = "run_paused",
            workflow = self.workflow,
            execution_id = %run.id(),
            task_id = error.node(),
            error_type = error.code(),
            attempt = error.attempt(),
            error = error.message(),
        );
        self.tell(run, || RunEventKind::RunPaused {
            error: error.clone(),
        });
    }

    /// Nothing of the run has gone on for too long.
    pub(crate) fn stuck(&self, run: &Run, standstill: Standstill) {
        let Standstill {
            node,
            since,
            waits_for,
        } = standstill;
        tracing::warn!(
            target: "orch",
            event = "run_stuck",
            workflow = self.workflow,
            execution_id = %run.id(),
            task_id = node.as_deref(),
            for_ms = since.elapsed().as_secs_f64() * 1000.0,
            waits_for,
        );
        self.tell(run, || RunEventKind::RunStuck {
            node,
            since: self.began_at + since.saturating_duration_since(self.began),
            waits_for,
        });
    }

    pub(crate) fn fell_back(&self, frame: &Arc<Frame>, node: usize, tier: usize) {
        let layout = &frame.layout.nodes[node];
        if let Some(metrics) = &self.metrics {
            metrics.fell_back(layout, tier);
        }
        tracing::warn!(
            target: "orch",
            event = "fell_back",
            task_id = &*layout.path,
            execution_id = %frame.run().id(),
            tier,
        );
        self.tell(frame.run(), || RunEventKind::FellBack {
            node: Arc::clone(&layout.path),
            tier,
        });
    }

    /// A call failed for good, and a value of this age was given in its place.
    pub(crate) fn degraded(
        &self,
        frame: &Arc<Frame>,
        node: usize,
        tier: usize,
        age: Duration,
        error: &NodeError,
    ) {
        let layout = &frame.layout.nodes[node];
        if let Some(metrics) = &self.metrics {
            metrics.degraded(layout, tier);
        }
        tracing::warn!(
            target: "orch",
            event = "degraded",
            task_id = &*layout.path,
            execution_id = %frame.run().id(),
            age_ms = age.as_secs_f64() * 1_000.0,
            error_type = error.code(),
            error = error.message(),
        );
        self.tell(frame.run(), || RunEventKind::Degraded {
            node: Arc::clone(&layout.path),
            items: frame.items(),
            age,
            error: error.clone(),
        });
    }

    pub(crate) fn cache_read(&self, frame: &Frame, node: usize, tier: usize, hit: bool) {
        if let Some(metrics) = &self.metrics {
            metrics.cache_read(&frame.layout.nodes[node], tier, hit);
        }
    }

    pub(crate) fn rate_limited(&self, frame: &Frame, node: usize, tier: usize, waited: Duration) {
        if let Some(metrics) = &self.metrics {
            metrics.rate_limited(&frame.layout.nodes[node], tier, waited);
        }
    }

    pub(crate) fn emit(&self, frame: &Frame, node: usize, value: json::Value) {
        if let Some(emissions) = self.outlets.emissions.sender() {
            // Whoever dropped the receiver does not want it.
            let _ = emissions.send(Emission {
                node: Arc::clone(&frame.layout.nodes[node].path),
                items: frame.items(),
                value,
            });
        }
    }
}

/// A call that is ready; it is in the queue until it begins or is given up, which is when this is dropped.
#[derive(Debug)]
pub(crate) struct Queued {
    since: Instant,
    /// `None` of a call that begins at once, and was never in the queue.
    depth: Option<QueueDepth>,
}

impl Queued {
    /// A call that begins now: where it follows from the end of another, the one look at the clock serves both.
    pub(crate) fn at_once(now: Option<Instant>) -> Self {
        Self {
            since: now.unwrap_or_else(Instant::now),
            depth: None,
        }
    }
}

/// The items around a frame, gathered only for those who want to see them.
struct ItemsOf<'a>(&'a Frame);

impl fmt::Debug for ItemsOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.items().fmt(f)
    }
}
