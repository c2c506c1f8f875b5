//! The schedule: a pure function from a state and an event to what starts next.
//!
//! One [`Schedule`] decides for one scope (a workflow's nodes, a `for` body's, an arm's).
//! It knows no clock, no runtime and no values; the in-memory engine, the recovery from a journal and simulations all
//! drive the same one.
//!
//! Told what happened ([`Event`]), it answers with what to do ([`Command`]).
//! Every node ends exactly once, and once all have ended it says [`Command::Finish`].

use serde::Serialize;

use crate::plan::{NodeKind, Rule, ScopeSpec};

/// How a node ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It waits for the nodes it names.
    #[default]
    Waiting,
    /// It has started.
    Running,
    /// It gave its value.
    Done,
    /// It failed.
    Failed,
    /// Its rule did not hold, or its branch was not taken.
    Skipped,
    /// It never started: something it needs failed, or the run was stopping.
    Blocked,
    /// It was stopped while it ran.
    Cancelled,
}

impl Status {
    /// Whether the node has ended.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    /// Whether trigger rules count it as failed: it failed, was blocked or was cancelled.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Blocked | Self::Cancelled)
    }

    /// The status in one lowercase word, as metrics and events carry it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The scope begins.
    Begin,
    /// A node that was started has ended: `Done`, `Failed` or `Cancelled`.
    Ended(usize, Status),
    /// A branch has chosen an arm, or none of them.
    Chose(usize, Option<usize>),
    /// Nothing more may start but what the [`Stop`] allows.
    Stop(Stop),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Start this node; of a branch: choose its arm.
    Start(usize),
    /// Run the chosen arm of this branch.
    StartArm(usize, usize),
    /// This node ended without having started: it was skipped or blocked.
    Ended(usize, Status),
    /// All nodes have ended.
    Finish,
}

/// Why nothing more starts, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// A failure that nobody consumes: nodes that clean up still start.
    Failing,
    /// The run is cancelled or out of time: only `finally` nodes still start.
    Cancelled,
}

/// What follows from a scope's description alone, computed once and shared by all its schedules.
#[derive(Debug)]
pub struct Wiring {
    scope: &'static ScopeSpec,
    /// For each node, the nodes that name it.
    successors: Vec<Box<[usize]>>,
    /// For each node, the arms that name it.
    arms: Vec<Box<[(usize, usize)]>>,
    /// For each node, how many nodes it names.
    named: Vec<u32>,
    /// For each node, whether it still starts while a failure is on its way out.
    cleanup: Vec<bool>,
    /// How many nodes are not `finally`.
    ordinary: usize,
}

impl Wiring {
    /// The wiring of a scope.
    #[must_use]
    pub fn new(scope: &'static ScopeSpec) -> Self {
        let count = scope.nodes.len();
        let mut successors = vec![Vec::new(); count];
        let mut arms = vec![Vec::new(); count];
        let mut cleanup = vec![false; count];
        for (idx, node) in scope.nodes.iter().enumerate() {
            for &named in node.reads.iter().chain(node.after) {
                successors[named].push(idx);
            }
            if let NodeKind::Branch { arms: specs, .. } = node.kind {
                for (arm, spec) in specs.iter().enumerate() {
                    for &named in spec.reads {
                        arms[named].push((idx, arm));
                    }
                }
            }
            cleanup[idx] = node.finally
                || node.rule != Rule::AllSuccess
                || node.reads.iter().any(|&named| cleanup[named]);
        }
        Self {
            scope,
            named: scope
                .nodes
                .iter()
                .map(|node| (node.reads.len() + node.after.len()) as u32)
                .collect(),
            ordinary: scope.nodes.iter().filter(|node| !node.finally).count(),
            successors: successors.into_iter().map(Into::into).collect(),
            arms: arms.into_iter().map(Into::into).collect(),
            cleanup,
        }
    }

    /// Whether this node still starts under a [`Stop`]: it cleans up.
    #[must_use]
    pub fn survives(&self, node: usize, stop: Stop) -> bool {
        match stop {
            Stop::Failing => self.cleanup[node],
            Stop::Cancelled => self.scope.nodes[node].finally,
        }
    }

    /// The scope this is the wiring of.
    #[must_use]
    pub fn scope(&self) -> &'static ScopeSpec {
        self.scope
    }
}

/// How the nodes that a node names stand.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    open: u32,
    done: u32,
    failed: u32,
    skipped: u32,
}

impl Tally {
    fn count(&mut self, status: Status) {
        match status {
            Status::Waiting | Status::Running => self.open += 1,
            Status::Done => self.done += 1,
            Status::Skipped => self.skipped += 1,
            Status::Failed | Status::Blocked | Status::Cancelled => self.failed += 1,
        }
    }

    fn settle(&mut self, status: Status) {
        self.open -= 1;
        self.count(status);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Run,
    Skip,
    Block,
}

/// What a rule says of a tally, as soon as it can be said.
fn decide(rule: Rule, tally: Tally) -> Option<Decision> {
    use Decision::{Block, Run, Skip};
    match rule {
        Rule::OneSuccess if tally.done > 0 => return Some(Run),
        Rule::OneFailed if tally.failed > 0 => return Some(Run),
        _ if tally.open > 0 => return None,
        _ => {}
    }
    let run_or = |holds: bool, otherwise| if holds { Run } else { otherwise };
    Some(match rule {
        Rule::AllSuccess if tally.failed > 0 => Block,
        Rule::AllSuccess => run_or(tally.skipped == 0, Skip),
        Rule::AllDone => Run,
        Rule::AllFailed => run_or(tally.done == 0 && tally.skipped == 0, Skip),
        Rule::AllSkipped => run_or(tally.done == 0 && tally.failed == 0, Skip),
        Rule::OneSuccess => run_or(false, if tally.failed > 0 { Block } else { Skip }),
        Rule::OneFailed => Skip,
        Rule::NoneFailed => run_or(tally.failed == 0, Block),
        Rule::NoneFailedMinOneSuccess if tally.failed > 0 => Block,
        Rule::NoneFailedMinOneSuccess => run_or(tally.done > 0, Skip),
        Rule::NoneSkipped => run_or(tally.skipped == 0, Skip),
    })
}

#[derive(Debug, Clone, Copy)]
struct NodeState {
    status: Status,
    tally: Tally,
    /// The arm a branch has chosen and whose names it waits for.
    arm: Option<u32>,
}

/// The schedule of one scope in one run.
#[derive(Debug)]
pub struct Schedule {
    nodes: Box<[NodeState]>,
    /// Nodes that have not ended and are not `finally`.
    ordinary: usize,
    /// Nodes that have not ended.
    open: usize,
    stop: Option<Stop>,
    /// Nodes whose ending has yet to reach those that name them.
    settling: Vec<usize>,
}

impl Schedule {
    /// A schedule in which nothing has started.
    #[must_use]
    pub fn new(wiring: &Wiring) -> Self {
        Self {
            nodes: wiring
                .named
                .iter()
                .map(|&open| NodeState {
                    status: Status::Waiting,
                    tally: Tally {
                        open,
                        ..Tally::default()
                    },
                    arm: None,
                })
                .collect(),
            ordinary: wiring.ordinary,
            open: wiring.named.len(),
            stop: None,
            settling: Vec::new(),
        }
    }

    /// How a node stands.
    #[must_use]
    pub fn status(&self, node: usize) -> Status {
        self.nodes[node].status
    }

    /// Whether all nodes have ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.open == 0
    }

    /// Why nothing more starts, if so.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        self.stop
    }

    /// Takes an event and adds what follows from it to `commands`.
    ///
    /// An `Ended` or `Chose` for a node that is not running is ignored: it has ended already.
    pub fn on(&mut self, wiring: &Wiring, event: Event, commands: &mut Vec<Command>) {
        let begins_empty = self.nodes.is_empty() && event == Event::Begin;
        if self.open == 0 && !begins_empty {
            return;
        }
        match event {
            Event::Begin => {
                for idx in 0..self.nodes.len() {
                    self.consider(wiring, idx, commands);
                }
            }
            Event::Ended(node, status) => {
                if self.nodes[node].status != Status::Running {
                    return;
                }
                self.end(wiring, node, status);
                if status.is_failure() && !wiring.scope.nodes[node].handled {
                    self.halt(wiring, Stop::Failing, commands);
                }
            }
            Event::Chose(node, None) => {
                if self.nodes[node].status == Status::Running {
                    self.end(wiring, node, Status::Done);
                }
            }
            Event::Chose(node, Some(arm)) => self.choose(wiring, node, arm, commands),
            Event::Stop(stop) => self.halt(wiring, stop, commands),
        }
        self.propagate(wiring, commands);
        if self.open == 0 {
            commands.push(Command::Finish);
        }
    }

    fn choose(&mut self, wiring: &Wiring, node: usize, arm: usize, commands: &mut Vec<Command>) {
        let NodeKind::Branch { arms, .. } = wiring.scope.nodes[node].kind else {
            return;
        };
        if self.nodes[node].status != Status::Running {
            return;
        }
        let mut tally = Tally::default();
        for &named in arms[arm].reads {
            tally.count(self.seen(wiring, named));
        }
        self.nodes[node].tally = tally;
        self.nodes[node].arm = Some(arm as u32);
        self.consider_arm(wiring, node, commands);
    }

    /// How a node looks to those that name it: a failure that is an absent value or an outcome is a value to them.
    fn seen(&self, wiring: &Wiring, node: usize) -> Status {
        let status = self.nodes[node].status;
        let spec = &wiring.scope.nodes[node];
        if status.is_ended() && (spec.optional || spec.outcome) {
            Status::Done
        } else {
            status
        }
    }

    fn end(&mut self, wiring: &Wiring, node: usize, status: Status) {
        self.nodes[node].status = status;
        self.open -= 1;
        if !wiring.scope.nodes[node].finally {
            self.ordinary -= 1;
        }
        self.settling.push(node);
    }

    fn end_unstarted(
        &mut self,
        wiring: &Wiring,
        node: usize,
        status: Status,
        commands: &mut Vec<Command>,
    ) {
        self.end(wiring, node, status);
        commands.push(Command::Ended(node, status));
    }

    /// Blocks what may no longer start.
    fn halt(&mut self, wiring: &Wiring, stop: Stop, commands: &mut Vec<Command>) {
        if self.stop.is_some_and(|before| before >= stop) {
            return;
        }
        self.stop = Some(stop);
        for idx in 0..self.nodes.len() {
            let state = self.nodes[idx];
            let waits = state.status == Status::Waiting
                || (state.status == Status::Running && state.arm.is_some() && state.tally.open > 0);
            if waits && !self.may_start(wiring, idx) {
                self.end_unstarted(wiring, idx, Status::Blocked, commands);
            }
        }
    }

    fn may_start(&self, wiring: &Wiring, node: usize) -> bool {
        self.stop.is_none_or(|stop| wiring.survives(node, stop))
    }

    /// Lets every ending reach the nodes that name it, and `finally` nodes see that all others have ended.
    fn propagate(&mut self, wiring: &Wiring, commands: &mut Vec<Command>) {
        loop {
            while let Some(node) = self.settling.pop() {
                let seen = self.seen(wiring, node);
                for &successor in &wiring.successors[node] {
                    if self.nodes[successor].status == Status::Waiting {
                        self.nodes[successor].tally.settle(seen);
                        self.consider(wiring, successor, commands);
                    }
                }
                for &(branch, arm) in &wiring.arms[node] {
                    let state = &mut self.nodes[branch];
                    if state.status == Status::Running && state.arm == Some(arm as u32) {
                        state.tally.settle(seen);
                        self.consider_arm(wiring, branch, commands);
                    }
                }
            }
            if self.ordinary > 0 || self.open == 0 {
                return;
            }
            for (idx, node) in wiring.scope.nodes.iter().enumerate() {
                if node.finally && self.nodes[idx].status == Status::Waiting {
                    self.consider(wiring, idx, commands);
                }
            }
            if self.settling.is_empty() {
                return;
            }
        }
    }

    /// Starts, skips or blocks a waiting node once its rule can be decided.
    fn consider(&mut self, wiring: &Wiring, node: usize, commands: &mut Vec<Command>) {
        let spec = &wiring.scope.nodes[node];
        let state = self.nodes[node];
        if state.status != Status::Waiting || (spec.finally && self.ordinary > 0) {
            return;
        }
        match decide(spec.rule, state.tally) {
            None => {}
            Some(Decision::Run) if self.may_start(wiring, node) => {
                self.nodes[node].status = Status::Running;
                commands.push(Command::Start(node));
            }
            Some(Decision::Skip) => self.end_unstarted(wiring, node, Status::Skipped, commands),
            Some(_) => self.end_unstarted(wiring, node, Status::Blocked, commands),
        }
    }

    /// Runs, skips or blocks a branch's chosen arm once all it names has ended.
    fn consider_arm(&mut self, wiring: &Wiring, node: usize, commands: &mut Vec<Command>) {
        let state = self.nodes[node];
        let Some(arm) = state.arm else { return };
        match decide(Rule::AllSuccess, state.tally) {
            None => {}
            Some(Decision::Run) if self.may_start(wiring, node) => {
                commands.push(Command::StartArm(node, arm as usize));
            }
            Some(Decision::Skip) => self.end_unstarted(wiring, node, Status::Skipped, commands),
            Some(_) => self.end_unstarted(wiring, node, Status::Blocked, commands),
        }
    }
}
