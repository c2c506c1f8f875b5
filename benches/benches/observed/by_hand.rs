//! What Orch tells of a run and of its nodes, as one would write it by hand: what the recorder and the subscriber
//! themselves cost.

use std::hint::black_box;
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use orch_benches::harness::{Effort, median};

/// A node's path, and its handles, which are looked up once.
struct Node {
    path: String,
    queue: Histogram,
    duration: Histogram,
    attempts: Counter,
    ended: Counter,
}

impl Node {
    fn new(index: usize) -> Self {
        let path = format!("n{index}");
        let (workflow, step) = ("Signals", "mix");
        Self {
            queue: histogram!(
                "by_hand_queue_seconds", "workflow" => workflow, "step" => step, "queue" => "default"
            ),
            duration: histogram!(
                "by_hand_duration_seconds",
                "workflow" => workflow, "node" => path.clone(), "step" => step, "status" => "done"
            ),
            attempts: counter!(
                "by_hand_attempts_total", "workflow" => workflow, "node" => path.clone(), "step" => step
            ),
            ended: counter!("by_hand_ended_total", "status" => "success"),
            path,
        }
    }

    /// Runs nothing, and tells of it; gives when that was over.
    fn run(&self, run: &tracing::Span, id: &str, queued: Duration, began: Instant) -> Instant {
        self.queue.record(queued);
        self.attempts.increment(1);
        let span = tracing::info_span!(
            target: "by_hand",
            parent: run.id(),
            "node",
            task_id = &*self.path,
            step = "mix",
            items = ?black_box::<&[usize]>(&[]),
        );
        span.in_scope(|| black_box(()));
        drop(span);
        let now = Instant::now();
        let took = now - began;
        self.ended.increment(1);
        self.duration.record(took);
        tracing::info!(
            target: "by_hand",
            event = "task_ended",
            task_id = &*self.path,
            execution_id = %id,
            duration_ms = took.as_secs_f64() * 1000.0,
            status = "done",
        );
        now
    }
}

/// What is told of a run besides its nodes; its handles are looked up once.
struct Run {
    nodes: Vec<Node>,
    active: Gauge,
    depth: Gauge,
    seconds: Histogram,
    millis: Histogram,
}

const ID: &str = "01JD0000000000000000000000";

impl Run {
    fn new(nodes: usize) -> Self {
        let (workflow, status) = ("Signals", "completed");
        Self {
            nodes: (0..nodes).map(Node::new).collect(),
            active: gauge!("by_hand_active", "workflow" => workflow),
            depth: gauge!("by_hand_queue_depth", "workflow" => workflow),
            seconds: histogram!("by_hand_run_seconds", "workflow" => workflow, "status" => status),
            millis: histogram!("by_hand_run_ms", "workflow" => workflow, "status" => status),
        }
    }

    /// Runs nothing, and tells of it; so many nodes are ready at a time, and all but the first of them wait.
    fn run(&self, ready: usize) {
        let (workflow, execution_id, correlation_id) = ("Signals", black_box(ID), black_box(ID));
        let began = Instant::now();
        self.active.increment(1.0);
        tracing::info!(
            target: "by_hand", event = "run_started", workflow, %execution_id, %correlation_id
        );
        let span =
            tracing::info_span!(target: "by_hand", "run", workflow, %execution_id, %correlation_id);
        span.in_scope(|| {
            let mut now = began;
            for nodes in self.nodes.chunks(ready) {
                let since = now;
                for _ in &nodes[1..] {
                    self.depth.increment(1.0);
                }
                for (idx, node) in nodes.iter().enumerate() {
                    let mut queued = Duration::ZERO;
                    if idx > 0 {
                        self.depth.decrement(1.0);
                        now = Instant::now();
                        queued = now - since;
                    }
                    now = node.run(&span, execution_id, queued, now);
                }
            }
        });
        let took = began.elapsed();
        self.active.decrement(1.0);
        self.seconds.record(took);
        self.millis.record(took.as_secs_f64() * 1000.0);
        tracing::info!(
            target: "by_hand",
            event = "run_ended",
            workflow,
            %execution_id,
            %correlation_id,
            status = "completed",
            duration_ms = took.as_secs_f64() * 1000.0,
        );
    }
}

/// Nanoseconds per node; where nobody listens, the clock is not read either, and nothing is left.
pub(super) fn measure(nodes: usize, ready: usize, observed: bool, effort: Effort) -> f64 {
    if !observed {
        return 0.0;
    }
    let run = Run::new(nodes);
    let turn = || {
        let (start, mut ran) = (Instant::now(), 0);
        while start.elapsed() < effort.turn {
            // So many runs for each look at the clock that looking does not count.
            let runs = 1000 / nodes;
            for _ in 0..runs {
                run.run(ready);
            }
            ran += runs * nodes;
        }
        start.elapsed().as_nanos() as f64 / ran as f64
    };
    turn();
    median((0..effort.rounds).map(|_| turn()).collect())
}
