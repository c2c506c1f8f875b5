//! What Orch tells of a node, as one would write it by hand: what the recorder and the subscriber themselves cost.

use std::hint::black_box;
use std::time::{Duration, Instant};

use metrics::{Counter, Histogram, counter, histogram};
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

    /// Runs nothing, and tells of it; gives when that was over, which is when the next node begins.
    fn run(&self, run: &tracing::Span, id: &str, began: Instant) -> Instant {
        self.queue.record(Duration::ZERO);
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

/// Nanoseconds per node; where nobody listens, the clock is not read either, and nothing is left.
pub(super) fn measure(nodes: usize, observed: bool, effort: Effort) -> f64 {
    if !observed {
        return 0.0;
    }
    let nodes: Vec<_> = (0..nodes).map(Node::new).collect();
    let run = tracing::info_span!(target: "by_hand", "run");
    let turn = || {
        let _entered = run.enter();
        let (start, mut ran) = (Instant::now(), 0);
        while start.elapsed() < effort.turn {
            let mut now = Instant::now();
            for node in &nodes {
                now = node.run(&run, "01JD0000000000000000000000", now);
            }
            ran += nodes.len();
        }
        start.elapsed().as_nanos() as f64 / ran as f64
    };
    turn();
    median((0..effort.rounds).map(|_| turn()).collect())
}
