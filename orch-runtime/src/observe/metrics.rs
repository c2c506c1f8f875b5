//! Metrics through the `metrics` facade: each handle resolved once for a workflow.
//!
//! Every label is bounded: names of workflows, nodes and steps, and words from closed sets; never a run's id.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use orch_core::error::ErrorKind;
use orch_core::run::RunStatus;
use orch_core::schedule::Status;

use crate::engine::layout::{NodeLayout, ScopeLayout};
use crate::program::Program;

/// Whether a recorder is installed: without one, every handle is empty.
///
/// The facade does not say it, but what it lends where there is none is a value without a size, and a recorder that
/// keeps anything has one.
pub(super) fn is_recorded() -> bool {
    metrics::with_recorder(|recorder| size_of_val(recorder) > 0)
}

/// The handles of the workflows that ran.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<HashMap<usize, Arc<ProgramMetrics>>>);

impl Registry {
    pub(super) fn of(&self, program: &'static Program) -> Arc<ProgramMetrics> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = std::ptr::from_ref(program) as usize;
        Arc::clone(
            known
                .entry(key)
                .or_insert_with(|| Arc::new(ProgramMetrics::new(program))),
        )
    }
}

/// The handles of one workflow.
pub(crate) struct ProgramMetrics {
    workflow: &'static str,
    active: Gauge,
    queue_depth: Gauge,
    nodes: Vec<NodeMetrics>,
}

impl fmt::Debug for ProgramMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgramMetrics")
            .field("workflow", &self.workflow)
            .finish_non_exhaustive()
    }
}

struct NodeMetrics {
    queue_seconds: Histogram,
    task_seconds: Histogram,
    done: NodeEnd,
    failed: NodeEnd,
    skipped: NodeEnd,
    blocked: NodeEnd,
    cancelled: NodeEnd,
    attempts: Counter,
    retries: Counter,
}

struct NodeEnd {
    tasks: Counter,
    seconds: Histogram,
}

impl ProgramMetrics {
    fn new(program: &'static Program) -> Self {
        let workflow = program.spec.name;
        let mut nodes = Vec::new();
        add_scope(&program.layout().root, workflow, &mut nodes);
        Self {
            workflow,
            active: gauge!("orch_runs_active", "workflow" => workflow),
            queue_depth: gauge!("task_queue_depth", "workflow_type" => workflow),
            nodes,
        }
    }

    pub(super) fn run_started(&self) {
        self.active.increment(1.0);
    }

    pub(super) fn run_ended(&self, status: RunStatus, took: Duration) {
        let (workflow, status) = (self.workflow, status.as_str());
        self.active.decrement(1.0);
        histogram!("orch_run_duration_seconds", "workflow" => workflow, "status" => status)
            .record(took);
        histogram!("workflow_duration_ms", "workflow_id" => workflow, "status" => status)
            .record(took.as_secs_f64() * 1000.0);
    }

    pub(super) fn failed(&self, kind: ErrorKind) {
        counter!("workflow_errors_total", "workflow_id" => self.workflow, "error_type" => kind.code())
            .increment(1);
    }

    pub(super) fn queued(&self) -> QueueDepth {
        self.queue_depth.increment(1.0);
        QueueDepth(self.queue_depth.clone())
    }

    pub(super) fn node_started(&self, node: &NodeLayout, queued: Duration) {
        if let Some(handles) = self.nodes.get(node.index) {
            handles.queue_seconds.record(queued);
        }
    }

    pub(super) fn node_ended(&self, node: &NodeLayout, status: Status, took: Option<Duration>) {
        let Some(handles) = self.nodes.get(node.index) else {
            return;
        };
        let end = match status {
            Status::Done => &handles.done,
            Status::Skipped => &handles.skipped,
            Status::Blocked => &handles.blocked,
            Status::Cancelled => &handles.cancelled,
            _ => &handles.failed,
        };
        end.tasks.increment(1);
        if let Some(took) = took {
            end.seconds.record(took);
            handles.task_seconds.record(took);
        }
    }

    pub(super) fn attempted(&self, node: &NodeLayout) {
        if let Some(handles) = self.nodes.get(node.index) {
            handles.attempts.increment(1);
        }
    }

    pub(super) fn retried(&self, node: &NodeLayout) {
        if let Some(handles) = self.nodes.get(node.index) {
            handles.retries.increment(1);
        }
    }

    pub(super) fn fell_back(&self, node: &NodeLayout, tier: usize) {
        counter!(
            "orch_fallback_total",
            "workflow" => self.workflow, "node" => node.path.to_string(), "tier" => tier.to_string()
        )
        .increment(1);
    }

    pub(super) fn cache_read(step: &'static str, hit: bool) {
        let result = if hit { "hit" } else { "miss" };
        counter!("orch_cache_requests_total", "step" => step, "result" => result).increment(1);
    }

    pub(super) fn rate_limited(step: &'static str, waited: Duration) {
        histogram!("orch_rate_limit_wait_seconds", "step" => step).record(waited);
    }
}

/// One more in the queue, until it is dropped.
pub(super) struct QueueDepth(Gauge);

impl fmt::Debug for QueueDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueDepth").finish_non_exhaustive()
    }
}

impl Drop for QueueDepth {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn add_scope(scope: &ScopeLayout, workflow: &'static str, nodes: &mut Vec<NodeMetrics>) {
    for node in &scope.nodes {
        if nodes.len() <= node.index {
            nodes.resize_with(node.index + 1, || NodeMetrics::new(workflow, node));
        }
        nodes[node.index] = NodeMetrics::new(workflow, node);
        for body in &node.bodies {
            add_scope(body, workflow, nodes);
        }
    }
}

impl NodeMetrics {
    fn new(workflow: &'static str, node: &NodeLayout) -> Self {
        let (path, step) = (node.path.to_string(), node.step());
        let end = |seed: &'static str, status: Status| NodeEnd {
            tasks: counter!("tasks_completed_total", "status" => seed),
            seconds: histogram!(
                "orch_node_duration_seconds",
                "workflow" => workflow, "node" => path.clone(), "step" => step, "status" => status.as_str()
            ),
        };
        Self {
            queue_seconds: histogram!(
                "orchestration_step_queue_seconds",
                "workflow" => workflow, "step" => step, "queue" => "default"
            ),
            task_seconds: histogram!("task_duration_seconds", "workflow" => workflow, "step" => step),
            done: end("success", Status::Done),
            failed: end("failure", Status::Failed),
            skipped: end("skipped", Status::Skipped),
            blocked: end("blocked", Status::Blocked),
            cancelled: end("cancelled", Status::Cancelled),
            attempts: counter!(
                "orch_attempts_total",
                "workflow" => workflow, "node" => path.clone(), "step" => step
            ),
            retries: counter!(
                "orch_retries_total",
                "workflow" => workflow, "node" => path.clone(), "step" => step
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics::{Key, KeyName, Metadata, Recorder, SharedString, Unit};

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
