//! What follows from a scope's description alone.

use super::rule::outlives_failure;
use super::{Status, Stop};
use crate::plan::{NodeKind, Rule, ScopeSpec};

/// What follows from a scope's description alone, computed once and shared by all its schedules.
///
/// It is read once for each node of each run, so that it is kept small and in one piece.
#[derive(Debug)]
pub struct Wiring {
    scope: &'static ScopeSpec,
    pub(super) nodes: Box<[Wired]>,
    /// The nodes that name a node, one node's after the other's.
    successors: Box<[u32]>,
    /// The arms that name a node, one node's after the other's.
    arms: Box<[(u32, u32)]>,
    /// The nodes that wait for all others.
    pub(super) finally: Box<[usize]>,
    /// Whether what was done may have to be undone before the `finally` nodes start.
    pub(super) undoes: bool,
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
    /// Whether its end concerns nothing but ordinary nodes that want the success of what they name, and at least one.
    pub(super) hands_on: bool,
    /// How many nodes it names.
    pub(super) named: u32,
    /// Where the successors of the next node begin.
    successors_end: u32,
    /// Where the arms of the next node begin.
    arms_end: u32,
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
    /// The same, asking [to undo](super::Command::Undo) what was done before `finally` nodes start.
    #[must_use]
    pub fn undoing(mut self) -> Self {
        self.undoes = true;
        self
    }

    /// The wiring of a scope.
    ///
    /// # Panics
    /// If a node names one that does not come before it, which [`Graph::validate`](crate::graph::Graph::validate) finds.
    #[must_use]
    pub fn new(scope: &'static ScopeSpec) -> Self {
        let mut nodes: Vec<Wired> = Vec::with_capacity(scope.nodes.len());
        let mut successors = vec![Vec::new(); scope.nodes.len()];
        let mut arms_behind = vec![Vec::new(); scope.nodes.len()];
        for (idx, node) in scope.nodes.iter().enumerate() {
            let rule = match node.rule {
                Rule::AllSuccess if node.finally => Rule::AllDone,
                rule => rule,
            };
            let mut cleans_up = node.finally || outlives_failure(rule);
            for &named in node.reads.iter().chain(node.after) {
                successors[named].push(idx as u32);
                cleans_up |= nodes[named].cleans_up;
            }
            if let NodeKind::Branch { arms, .. } = node.kind {
                for (arm, spec) in arms.iter().enumerate() {
                    for &named in spec.reads {
                        arms_behind[named].push((idx as u32, arm as u32));
                    }
                }
            }
            nodes.push(Wired {
                rule,
                finally: node.finally,
                handled: node.handled,
                always_there: node.optional || node.outcome,
                cleans_up,
                hands_on: false,
                named: (node.reads.len() + node.after.len()) as u32,
                successors_end: 0,
                arms_end: 0,
            });
        }
        let (mut successors_end, mut arms_end) = (0, 0);
        for (node, (successors, arms)) in nodes.iter_mut().zip(successors.iter().zip(&arms_behind))
        {
            successors_end += successors.len() as u32;
            arms_end += arms.len() as u32;
            node.successors_end = successors_end;
            node.arms_end = arms_end;
        }
        for node in 0..nodes.len() {
            let ordinary = |&successor: &u32| {
                let successor = &nodes[successor as usize];
                successor.rule == Rule::AllSuccess && !successor.finally
            };
            let successors = &successors[node];
            nodes[node].hands_on = !successors.is_empty()
                && arms_behind[node].is_empty()
                && successors.iter().all(ordinary);
        }
        let finally = (0..nodes.len()).filter(|&idx| nodes[idx].finally).collect();
        Self {
            scope,
            nodes: nodes.into(),
            successors: successors.concat().into(),
            arms: arms_behind.concat().into(),
            finally,
            undoes: false,
        }
    }

    /// The nodes that name a node.
    #[inline]
    pub(super) fn successors(&self, node: usize) -> &[u32] {
        let first = node
            .checked_sub(1)
            .map_or(0, |before| self.nodes[before].successors_end);
        &self.successors[first as usize..self.nodes[node].successors_end as usize]
    }

    /// The branches with the arms that name a node.
    #[inline]
    pub(super) fn arms(&self, node: usize) -> &[(u32, u32)] {
        let first = node
            .checked_sub(1)
            .map_or(0, |before| self.nodes[before].arms_end);
        &self.arms[first as usize..self.nodes[node].arms_end as usize]
    }

    /// Whether nothing can start because this node ended: no node and no arm names it, and none waits for all others.
    #[must_use]
    pub fn is_last(&self, node: usize) -> bool {
        self.successors(node).is_empty() && self.arms(node).is_empty() && self.finally.is_empty()
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
