//! What follows from a scope's description alone.

use super::rule::outlives_failure;
use super::{Status, Stop};
use crate::plan::{NodeKind, Rule, ScopeSpec};

/// What follows from a scope's description alone, computed once and shared by all its schedules.
#[derive(Debug)]
pub struct Wiring {
    scope: &'static ScopeSpec,
    pub(super) nodes: Box<[Wired]>,
    /// The nodes that wait for all others.
    pub(super) finally: Box<[usize]>,
}

/// What follows for one node.
#[derive(Debug)]
pub(super) struct Wired {
    /// Its rule; a `finally` node without one of its own runs however those it names ended.
    pub(super) rule: Rule,
    pub(super) finally: bool,
    pub(super) handled: bool,
    /// Whether an absent value or an outcome stands for whatever it gives, so that its value is always there.
    always_there: bool,
    /// Whether it still starts while a failure is on its way out.
    cleans_up: bool,
    /// How many nodes it names.
    pub(super) named: u32,
    /// The nodes that name it.
    pub(super) successors: Vec<usize>,
    /// The arms that name it.
    pub(super) arms: Vec<(usize, usize)>,
}

impl Wired {
    /// How its end looks to a node of this rule: names are values under `all_success`, and outcomes under the others.
    pub(super) fn seen(&self, status: Status, rule: Rule) -> Status {
        if self.always_there && rule == Rule::AllSuccess && status.is_ended() {
            Status::Done
        } else {
            status
        }
    }
}

impl Wiring {
    /// The wiring of a scope.
    ///
    /// # Panics
    /// If a node names one that does not come before it, which [`Graph::validate`](crate::graph::Graph::validate) finds.
    #[must_use]
    pub fn new(scope: &'static ScopeSpec) -> Self {
        let mut nodes: Vec<Wired> = Vec::with_capacity(scope.nodes.len());
        for (idx, node) in scope.nodes.iter().enumerate() {
            let rule = match node.rule {
                Rule::AllSuccess if node.finally => Rule::AllDone,
                rule => rule,
            };
            let mut cleans_up = node.finally || outlives_failure(rule);
            for &named in node.reads.iter().chain(node.after) {
                nodes[named].successors.push(idx);
                cleans_up |= nodes[named].cleans_up;
            }
            if let NodeKind::Branch { arms, .. } = node.kind {
                for (arm, spec) in arms.iter().enumerate() {
                    for &named in spec.reads {
                        nodes[named].arms.push((idx, arm));
                    }
                }
            }
            nodes.push(Wired {
                rule,
                finally: node.finally,
                handled: node.handled,
                always_there: node.optional || node.outcome,
                cleans_up,
                named: (node.reads.len() + node.after.len()) as u32,
                successors: Vec::new(),
                arms: Vec::new(),
            });
        }
        let finally = (0..nodes.len()).filter(|&idx| nodes[idx].finally).collect();
        Self {
            scope,
            nodes: nodes.into(),
            finally,
        }
    }

    /// Whether this node still starts under a [`Stop`].
    #[must_use]
    pub fn survives(&self, node: usize, stop: Stop) -> bool {
        match stop {
            Stop::Failing => self.nodes[node].cleans_up,
            Stop::Cancelled => self.nodes[node].finally,
        }
    }

    /// The scope this is the wiring of.
    #[must_use]
    pub fn scope(&self) -> &'static ScopeSpec {
        self.scope
    }
}
