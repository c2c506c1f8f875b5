//! The naive model: it counts nothing, remembers nothing but how nodes stand, and looks at everything after each event.

use crate::plan::{NodeKind, NodeSpec, Rule, ScopeSpec};
use crate::schedule::{Event, Status, Stop};

/// What a rule says of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Start,
    Skip,
    Block,
}

impl Verdict {
    pub(super) fn status(self) -> Status {
        match self {
            Self::Start => Status::Running,
            Self::Skip => Status::Skipped,
            Self::Block => Status::Blocked,
        }
    }
}

/// What a rule says of the nodes that a node names, written after Airflow's `trigger_rule_dep.py`;
/// but there most rules are decided early, here only the two that start something early.
pub(super) fn judge(rule: Rule, upstream: &[Status]) -> Option<Verdict> {
    use Verdict::{Block, Skip, Start};
    let count = |wanted: &[Status]| upstream.iter().filter(|end| wanted.contains(end)).count();
    let success = count(&[Status::Done]);
    let skipped = count(&[Status::Skipped]);
    let failed = count(&[Status::Failed, Status::Blocked, Status::Cancelled]);
    let ended = count(&[
        Status::Done,
        Status::Failed,
        Status::Skipped,
        Status::Blocked,
        Status::Cancelled,
    ]);
    if upstream.is_empty()
        || rule == Rule::OneSuccess && success > 0
        || rule == Rule::OneFailed && failed > 0
    {
        return Some(Start);
    }
    if ended < upstream.len() {
        return None;
    }
    Some(match rule {
        Rule::AllSuccess if failed > 0 => Block,
        Rule::AllSuccess if skipped > 0 => Skip,
        Rule::AllFailed if success > 0 || skipped > 0 => Skip,
        Rule::AllSkipped if success > 0 || failed > 0 => Skip,
        Rule::OneSuccess if skipped == upstream.len() => Skip,
        Rule::OneSuccess if success == 0 => Block,
        Rule::OneFailed if failed == 0 => Skip,
        Rule::NoneFailed | Rule::NoneFailedMinOneSuccess if failed > 0 => Block,
        Rule::NoneFailedMinOneSuccess if skipped == upstream.len() => Skip,
        Rule::NoneSkipped if skipped > 0 => Skip,
        _ => Start,
    })
}

/// A scope in a run.
#[derive(Debug)]
pub(super) struct Model {
    scope: &'static ScopeSpec,
    pub(super) statuses: Vec<Status>,
    chosen: Vec<Option<usize>>,
    pub(super) arms_started: Vec<Option<usize>>,
    stop: Option<Stop>,
    /// Whether something may still have to be undone.
    pub(super) undoes: bool,
}

impl Model {
    pub(super) fn new(scope: &'static ScopeSpec, undoes: bool) -> Self {
        let count = scope.nodes.len();
        Self {
            scope,
            statuses: vec![Status::Waiting; count],
            chosen: vec![None; count],
            arms_started: vec![None; count],
            stop: None,
            undoes,
        }
    }

    /// Whether all nodes have ended that are not `finally`.
    pub(super) fn closes(&self) -> bool {
        let mut nodes = self.scope.nodes.iter().zip(&self.statuses);
        nodes.all(|(node, status)| node.finally || status.is_ended())
    }

    pub(super) fn on(&mut self, event: Event) {
        match event {
            Event::Begin => {}
            Event::Ended(node, status) => {
                self.statuses[node] = status;
                let failed = matches!(status, Status::Failed | Status::Cancelled);
                if failed && !self.scope.nodes[node].handled {
                    self.stop_for(Stop::Failing);
                }
            }
            Event::Chose(node, None) => self.statuses[node] = Status::Done,
            Event::Chose(node, Some(arm)) => {
                self.chosen[node] = Some(arm);
                if self.is_stopped(node) {
                    self.statuses[node] = Status::Blocked;
                }
            }
            Event::Stop(stop) => self.stop_for(stop),
            Event::Undone => self.undoes = false,
        }
        while (0..self.statuses.len()).any(|node| self.step(node)) {}
    }

    fn stop_for(&mut self, stop: Stop) {
        self.stop = self.stop.max(Some(stop));
        for node in 0..self.statuses.len() {
            let arm_waits = self.chosen[node].is_some() && self.arms_started[node].is_none();
            let waits = match self.statuses[node] {
                Status::Waiting => true,
                Status::Running => arm_waits,
                _ => false,
            };
            if waits && self.is_stopped(node) {
                self.statuses[node] = Status::Blocked;
            }
        }
    }

    fn is_stopped(&self, node: usize) -> bool {
        match self.stop {
            None => false,
            Some(Stop::Failing) => !self.cleans_up(node),
            Some(Stop::Cancelled) => !self.scope.nodes[node].finally,
        }
    }

    pub(super) fn cleans_up(&self, node: usize) -> bool {
        let spec = &self.scope.nodes[node];
        let for_failures = [
            Rule::AllDone,
            Rule::AllFailed,
            Rule::OneFailed,
            Rule::NoneSkipped,
        ];
        spec.finally
            || for_failures.contains(&spec.rule)
            || named(spec).any(|named| self.cleans_up(named))
    }

    /// Decides a node that can be decided; says whether it did.
    fn step(&mut self, node: usize) -> bool {
        let spec = &self.scope.nodes[node];
        let verdict = match self.statuses[node] {
            Status::Waiting => self.verdict(spec),
            Status::Running if self.arms_started[node].is_none() => self.verdict_on_arm(node),
            _ => None,
        };
        let Some(verdict) = verdict else {
            return false;
        };
        let stopped = verdict == Verdict::Start && self.is_stopped(node);
        if verdict == Verdict::Start && self.statuses[node] == Status::Running {
            self.arms_started[node] = self.chosen[node];
        }
        self.statuses[node] = if stopped {
            Status::Blocked
        } else {
            verdict.status()
        };
        true
    }

    fn verdict(&self, spec: &NodeSpec) -> Option<Verdict> {
        if spec.finally && (self.undoes || !self.closes()) {
            return None;
        }
        let rule = if spec.finally && spec.rule == Rule::AllSuccess {
            Rule::AllDone
        } else {
            spec.rule
        };
        let looks: Vec<Status> = named(spec).map(|named| self.look(named, rule)).collect();
        judge(rule, &looks)
    }

    fn verdict_on_arm(&self, node: usize) -> Option<Verdict> {
        let NodeKind::Branch { arms, .. } = self.scope.nodes[node].kind else {
            return None;
        };
        let reads = arms[self.chosen[node]?].reads.iter();
        let looks: Vec<Status> = reads
            .map(|read| self.look(*read, Rule::AllSuccess))
            .collect();
        judge(Rule::AllSuccess, &looks)
    }

    /// How a node looks to one of this rule.
    fn look(&self, node: usize, rule: Rule) -> Status {
        let (spec, status) = (&self.scope.nodes[node], self.statuses[node]);
        let gives_a_value = (spec.optional || spec.outcome) && rule == Rule::AllSuccess;
        match status {
            Status::Waiting | Status::Running => status,
            _ if gives_a_value => Status::Done,
            _ => status,
        }
    }
}

/// The nodes that a node names.
pub(super) fn named(spec: &NodeSpec) -> impl Iterator<Item = usize> {
    spec.reads.iter().chain(spec.after).copied()
}
