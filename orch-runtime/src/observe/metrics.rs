//! Metrics through the `metrics` facade: each handle resolved once for a workflow, before its first run.
//!
//! Every label is bounded: names of workflows, nodes and steps, and words from closed sets; never a run's id.
//! What is told of a run, a node or an attempt only writes to handles.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Recorder, counter, gauge, histogram};
use orch_core::error::ErrorKind;
use orch_core::run::RunStatus;
use orch_core::schedule::Status;

use crate::engine::layout::{NodeLayout, ScopeLayout, Tier};
use crate::program::Program;

/// Whether a recorder is installed: without one, every handle is empty.
///
/// The facade does not say it, but what it lends where there is none is a value without a size, and a recorder that
/// keeps anything has one.
pub(super) fn is_recorded() -> bool {
    recorder().is_some()
}

/// Where the global recorder is: it stays there for as long as the process.
static GLOBAL: OnceLock<usize> = OnceLock::new();

/// How often it was not known where that is.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Where the recorder is that is told of what happens here; `None` without one.
fn recorder() -> Option<usize> {
    let address = |recorder: &dyn Recorder| std::ptr::from_ref(recorder).cast::<()>().addr();
    metrics::with_recorder(|recorder| (size_of_val(recorder) > 0).then(|| address(recorder)))
}

/// Whether it is the global recorder that is told of what happens here, so that its handles are good forever: where that
/// one is, no other can ever be.
fn is_global() -> bool {
    let here = recorder();
    here.is_some() && here == GLOBAL.get().copied().or_else(seek)
}

/// Looks where the global recorder is: a thread that has just begun has no recorder of its own.
///
/// Where there is none but those of threads, it is looked for more and more seldom.
#[cold]
fn seek() -> Option<usize> {
    let asked = ASKED.fetch_add(1, Ordering::Relaxed) + 1;
    if !asked.is_power_of_two() {
        return None;
    }
    let asking = thread::Builder::new().spawn(recorder).ok()?;
    let found = asking.join().ok()??;
    Some(*GLOBAL.get_or_init(|| found))
}

/// The handles of the workflows that ran.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<HashMap<usize, Arc<ProgramMetrics>>>);

impl Registry {
    /// Those of one workflow; `None` only where there are no metrics at all.
    pub(super) fn of(&self, program: &'static Program) -> Option<Handles> {
        let new = || ProgramMetrics::new(program);
        if is_global() {
            return Some(Handles::Forever(program.metrics.get_or_init(new)));
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = std::ptr::from_ref(program) as usize;
        let shared = known.entry(key).or_insert_with(|| new().into());
        Some(Handles::Shared(Arc::clone(shared)))
    }
}

/// The handles of one workflow, of which nobody counts the users where they are there forever.
#[derive(Debug, Clone)]
pub(crate) enum Handles {
    /// Those of the global recorder.
    Forever(&'static ProgramMetrics),
    /// Those of a thread's own.
    Shared(Arc<ProgramMetrics>),
}

impl Deref for Handles {
    type Target = ProgramMetrics;

    fn deref(&self) -> &ProgramMetrics {
        match self {
            Self::Forever(handles) => handles,
            Self::Shared(handles) => handles,
        }
    }
}

impl Handles {
    pub(super) fn queued(&self) -> QueueDepth {
        self.queue_depth.increment(1.0);
        QueueDepth(self.clone())
    }
}

/// The handles of one workflow.
pub(crate) struct ProgramMetrics {
    workflow: &'static str,
    active: Gauge,
    queue_depth: Gauge,
    ends: Vec<RunEnd>,
    tasks: TaskEnds,
    errors: Vec<(ErrorKind, Counter)>,
    often: Vec<Often>,
    seldom: Vec<Seldom>,
}

/// The handles of one way for a run to end.
struct RunEnd {
    status: RunStatus,
    seconds: Histogram,
    millis: Histogram,
}

impl fmt::Debug for ProgramMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgramMetrics")
            .field("workflow", &self.workflow)
            .finish_non_exhaustive()
    }
}

/// The ways for a node to end.
struct TaskEnds {
    success: Counter,
    failure: Counter,
    skipped: Counter,
    blocked: Counter,
    cancelled: Counter,
}

/// The handles of a node to which each run writes.
struct Often {
    queue_seconds: Histogram,
    done: Histogram,
    /// Attempts at what it calls first.
    attempts: Counter,
}

/// The handles of a node to which most runs do not write.
struct Seldom {
    failed: Histogram,
    cancelled: Histogram,
    tiers: Vec<TierMetrics>,
}

/// The handles of one callee; what it has no policy for is empty.
struct TierMetrics {
    attempts: Counter,
    retries: Counter,
    falls: Counter,
    degraded: Counter,
    hits: Counter,
    misses: Counter,
    rate_limit_wait: Histogram,
}

impl ProgramMetrics {
    fn new(program: &'static Program) -> Self {
        let workflow = program.spec.name;
        let mut nodes = Vec::new();
        add_scope(&program.layout().root, &mut nodes);
        // One after the other, as what is asked for together lies together: those of many nodes keep one another out of
        // the nearest caches.
        let often = nodes.iter().map(|node| Often::new(workflow, node));
        let often = often.collect();
        let seldom = nodes.iter().map(|node| Seldom::new(workflow, node));
        let seldom = seldom.collect();
        let error = |kind: ErrorKind| {
            let code = kind.code();
            let counter =
                counter!("workflow_errors_total", "workflow_id" => workflow, "error_type" => code);
            (kind, counter)
        };
        Self {
            workflow,
            active: gauge!("orch_runs_active", "workflow" => workflow),
            queue_depth: gauge!("task_queue_depth", "workflow_type" => workflow),
            ends: ENDS.map(|status| RunEnd::new(workflow, status)).into(),
            tasks: TaskEnds::new(),
            errors: ErrorKind::ALL.map(error).into(),
            often,
            seldom,
        }
    }

    pub(super) fn run_started(&self) {
        self.active.increment(1.0);
    }

    pub(super) fn run_ended(&self, status: RunStatus, took: Duration) {
        self.active.decrement(1.0);
        if let Some(end) = self.ends.iter().find(|end| end.status == status) {
            end.seconds.record(took);
            end.millis.record(took.as_secs_f64() * 1000.0);
        }
    }

    pub(super) fn failed(&self, kind: ErrorKind) {
        if let Some((_, errors)) = self.errors.iter().find(|(own, _)| *own == kind) {
            errors.increment(1);
        }
    }

    pub(super) fn node_started(&self, node: &NodeLayout, queued: Duration) {
        if let Some(handles) = self.often.get(node.index) {
            handles.queue_seconds.record(queued);
        }
    }

    /// A node that never ran took no time at all, and none is recorded.
    pub(super) fn node_ended(&self, node: &NodeLayout, status: Status, took: Option<Duration>) {
        let tasks = match status {
            Status::Done => &self.tasks.success,
            Status::Skipped => &self.tasks.skipped,
            Status::Blocked => &self.tasks.blocked,
            Status::Cancelled => &self.tasks.cancelled,
            _ => &self.tasks.failure,
        };
        tasks.increment(1);
        let end = match status {
            Status::Done => self.often.get(node.index).map(|node| &node.done),
            Status::Cancelled => self.seldom.get(node.index).map(|node| &node.cancelled),
            _ => self.seldom.get(node.index).map(|node| &node.failed),
        };
        if let (Some(took), Some(end)) = (took, end) {
            end.record(took);
        }
    }

    pub(super) fn attempted(&self, node: &NodeLayout, tier: usize) {
        let attempts = match tier {
            0 => self.often.get(node.index).map(|node| &node.attempts),
            _ => self.tier(node, tier).map(|tier| &tier.attempts),
        };
        if let Some(attempts) = attempts {
            attempts.increment(1);
        }
    }

    pub(super) fn retried(&self, node: &NodeLayout, tier: usize) {
        if let Some(handles) = self.tier(node, tier) {
            handles.retries.increment(1);
        }
    }

    pub(super) fn fell_back(&self, node: &NodeLayout, tier: usize) {
        if let Some(handles) = self.tier(node, tier) {
            handles.falls.increment(1);
        }
    }

    pub(super) fn degraded(&self, node: &NodeLayout, tier: usize) {
        if let Some(handles) = self.tier(node, tier) {
            handles.degraded.increment(1);
        }
    }

    pub(super) fn cache_read(&self, node: &NodeLayout, tier: usize, hit: bool) {
        if let Some(handles) = self.tier(node, tier) {
            let reads = if hit { &handles.hits } else { &handles.misses };
            reads.increment(1);
        }
    }

    pub(super) fn rate_limited(&self, node: &NodeLayout, tier: usize, waited: Duration) {
        if let Some(handles) = self.tier(node, tier) {
            handles.rate_limit_wait.record(waited);
        }
    }

    fn tier(&self, node: &NodeLayout, tier: usize) -> Option<&TierMetrics> {
        self.seldom.get(node.index)?.tiers.get(tier)
    }
}

/// The ways for a run to end.
const ENDS: [RunStatus; 5] = [
    RunStatus::Completed,
    RunStatus::Failed,
    RunStatus::Panicked,
    RunStatus::TimedOut,
    RunStatus::Cancelled,
];

impl RunEnd {
    fn new(workflow: &'static str, status: RunStatus) -> Self {
        let word = status.as_str();
        Self {
            status,
            seconds: histogram!("orch_run_duration_seconds", "workflow" => workflow, "status" => word),
            millis: histogram!("workflow_duration_ms", "workflow_id" => workflow, "status" => word),
        }
    }
}

impl TaskEnds {
    fn new() -> Self {
        let ended = |status: &'static str| counter!("tasks_completed_total", "status" => status);
        Self {
            success: ended("success"),
            failure: ended("failure"),
            skipped: ended("skipped"),
            blocked: ended("blocked"),
            cancelled: ended("cancelled"),
        }
    }
}

impl TierMetrics {
    fn new(workflow: &'static str, node: &NodeLayout, idx: usize, tier: &Tier) -> Self {
        let (path, step) = (node.path.to_string(), tier.step());
        let mut metrics = Self {
            // Those of the first are written to often.
            attempts: match idx {
                0 => Counter::noop(),
                _ => attempts(workflow, node, tier),
            },
            retries: counter!(
                "orch_retries_total",
                "workflow" => workflow, "node" => path.clone(), "step" => step
            ),
            falls: Counter::noop(),
            degraded: Counter::noop(),
            hits: Counter::noop(),
            misses: Counter::noop(),
            rate_limit_wait: Histogram::noop(),
        };
        if tier.policies.fallback.is_some() {
            metrics.degraded = counter!(
                "orch_degraded_total",
                "workflow" => workflow, "node" => path.clone(), "step" => step
            );
        }
        if idx > 0 {
            metrics.falls = counter!(
                "orch_fallback_total",
                "workflow" => workflow, "node" => path, "tier" => idx.to_string()
            );
        }
        if tier.policies.cache.is_some() {
            let reads = |result: &'static str| counter!("orch_cache_requests_total", "step" => step, "result" => result);
            (metrics.hits, metrics.misses) = (reads("hit"), reads("miss"));
        }
        if tier.policies.rate_limit.is_some() {
            metrics.rate_limit_wait = histogram!("orch_rate_limit_wait_seconds", "step" => step);
        }
        metrics
    }
}

/// One more in the queue, until it is dropped.
#[derive(Debug)]
pub(super) struct QueueDepth(Handles);

impl Drop for QueueDepth {
    fn drop(&mut self) {
        self.0.queue_depth.decrement(1.0);
    }
}

fn add_scope<'a>(scope: &'a ScopeLayout, nodes: &mut Vec<&'a NodeLayout>) {
    for node in &scope.nodes {
        // In the order of their indices: a node before those inside it.
        nodes.push(node);
        for body in &node.bodies {
            add_scope(body, nodes);
        }
    }
}

fn ended(workflow: &'static str, node: &NodeLayout, status: Status) -> Histogram {
    histogram!(
        "task_duration_seconds",
        "workflow" => workflow, "node" => node.path.to_string(), "step" => node.step(), "status" => status.as_str()
    )
}

fn attempts(workflow: &'static str, node: &NodeLayout, tier: &Tier) -> Counter {
    counter!(
        "orch_attempts_total",
        "workflow" => workflow, "node" => node.path.to_string(), "step" => tier.step()
    )
}

impl Often {
    fn new(workflow: &'static str, node: &NodeLayout) -> Self {
        Self {
            queue_seconds: histogram!(
                "orchestration_step_queue_seconds",
                "workflow" => workflow, "step" => node.step(), "queue" => "default"
            ),
            done: ended(workflow, node, Status::Done),
            attempts: match node.tiers.first() {
                Some(tier) => attempts(workflow, node, tier),
                None => Counter::noop(),
            },
        }
    }
}

impl Seldom {
    fn new(workflow: &'static str, node: &NodeLayout) -> Self {
        Self {
            failed: ended(workflow, node, Status::Failed),
            cancelled: ended(workflow, node, Status::Cancelled),
            tiers: (node.tiers.iter().enumerate())
                .map(|(idx, tier)| TierMetrics::new(workflow, node, idx, tier))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics::{Key, KeyName, Metadata, SharedString, Unit};

    use super::*;

    #[derive(Debug)]
    struct Real(#[expect(dead_code, reason = "what a recorder keeps")] u8);

    impl Recorder for Real {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn a_recorder_is_noticed() {
        assert!(!is_recorded());
        assert!(metrics::with_local_recorder(&Real(0), is_recorded));
    }
}
