//! Metrics of a step's own.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Label, counter, gauge, histogram};

use super::StepCtx;
use crate::engine::layout::Tier;

impl StepCtx {
    /// A counter of the step's own, labeled with the workflow, the node and the step: `ctx.counter("tokens_used")`.
    ///
    /// The recorder looks it up; a step that counts in a loop keeps the handle.
    pub fn counter(&self, name: &'static str) -> Counter {
        counter!(name, self.labels())
    }

    /// A gauge of the step's own, labeled like [`counter`](Self::counter).
    pub fn gauge(&self, name: &'static str) -> Gauge {
        gauge!(name, self.labels())
    }

    /// A histogram of the step's own, labeled like [`counter`](Self::counter).
    pub fn histogram(&self, name: &'static str) -> Histogram {
        histogram!(name, self.labels())
    }

    /// Names from the plan: never an id, so that their number is bounded.
    fn labels(&self) -> Vec<Label> {
        let node = &self.frame().layout.nodes[self.node_index()];
        let step = node.tiers.get(self.tier()).map_or(node.step(), Tier::step);
        vec![
            Label::from_static_parts("workflow", self.workflow()),
            Label::new("node", Arc::clone(&node.path)),
            Label::from_static_parts("step", step),
        ]
    }
}
