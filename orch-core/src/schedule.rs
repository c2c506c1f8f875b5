//! The schedule: a pure function from a state and an event to what starts next.
//!
//! One [`Schedule`] decides for one scope (a workflow's nodes, a `for` body's, an arm's).
//! It knows no clock, no runtime and no values; the in-memory engine, the recovery from a journal and simulations all
//! drive the same one.
//!
//! Told what happened ([`Event`]), it answers with what to do ([`Command`]).
//! Every node ends exactly once, and once all have ended it says [`Command::Finish`], once.
//!
//! # What a node waits for
//!
//! A node waits for the nodes that it names: those it reads and those in its `after`.
//! Its rule says what becomes of it; "failed" counts a node that failed, was blocked or was cancelled.
//!
//! | rule | decided | starts if, of the named nodes | is blocked if | else is |
//! |---|---|---|---|---|
//! | `all_success` | when all have ended | all are done | one has failed | skipped |
//! | `all_done` | when all have ended | always | | |
//! | `all_failed` | when all have ended | all have failed | | skipped |
//! | `all_skipped` | when all have ended | all were skipped | | skipped |
//! | `one_success` | as soon as one is done | one is done | none is done, one has failed | skipped |
//! | `one_failed` | as soon as one has failed | one has failed | | skipped |
//! | `none_failed` | when all have ended | none has failed | one has failed | |
//! | `none_failed_min_one_success` | when all have ended | none has failed, one is done | one has failed | skipped |
//! | `none_skipped` | when all have ended | none was skipped | | skipped |
//!
//! So a failure blocks whatever asks for success, all the way down, and a skipped node skips what needs its value;
//! a rule that wants a failure and finds none skips.
//! A node that names no other starts at once, under any rule.
//!
//! Under `all_success` names are values: an `optional` node and one with `.outcome()` always have one (an absent value,
//! an outcome), so that they count as done however they ended.
//! Under the other rules names are outcomes, and a node counts as what it is.
//!
//! A **branch** starts when what its head names allows it, and then [chooses](Event::Chose) an arm.
//! The arm starts when all that it names is done, as under `all_success`; otherwise the branch is blocked or skipped.
//! A branch that takes no arm is done: its value is absent.
//!
//! A **`finally`** node waits until all nodes that are not `finally` have ended, and for those that it names.
//! Without a rule of its own it then starts, however they ended; nothing else may wait for it but another one.
//!
//! A scope that [may have to undo](Wiring::undoing) what its nodes did asks for that in between: when all ordinary nodes have
//! ended, before a `finally` node starts.
//!
//! # What stops a scope
//!
//! What has started is never taken back; a [`Stop`] blocks what has not, an arm that has been chosen but waits included.
//!
//! | stop | comes from | what still starts, once its rule says so |
//! |---|---|---|
//! | [`Stop::Failing`] | a failed or cancelled node that is not `handled`, or a failure elsewhere in the run | what cleans up |
//! | [`Stop::Cancelled`] | the run was cancelled or is out of time | `finally` nodes |
//!
//! A node cleans up if it is `finally`, if its rule holds when all that it names has failed (`all_done`, `all_failed`,
//! `one_failed`, `none_skipped`), or if it names a node that cleans up: the whole chain behind an alert or a rollback runs.
//! A rule that asks for success or for a skip joins ordinary paths and does not clean up.
//! What was blocked by a stop has failed in the eyes of those that clean up, so that none of them waits forever.

mod rule;
#[cfg(test)]
mod tests;
mod wiring;

use std::ops::{Deref, DerefMut};

#[cfg(feature = "serde")]
use serde::Serialize;

pub use self::wiring::Wiring;

use self::rule::{Decision, Tally, decide};
use self::wiring::Wired;
use crate::plan::{NodeKind, Rule};

/// How a node ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
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
    /// It never started: its rule did not hold, or something it needs was skipped.
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
    /// What had to be undone was undone.
    Undone,
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
    /// All nodes but the `finally` ones have ended: undo what has to be undone, and say [`Event::Undone`].
    Undo,
    /// All nodes have ended.
    Finish,
}

/// Why nothing more starts, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// A failure that nobody consumes: what cleans up still starts.
    Failing,
    /// The run is cancelled or out of time: only `finally` nodes still start.
    Cancelled,
}

#[derive(Debug, Clone, Copy, Default)]
struct NodeState {
    status: Status,
    /// Those that it names, or that its chosen arm names.
    tally: Tally,
    /// The arm that a branch has chosen.
    arm: Option<u32>,
}

/// How many nodes a scope has at most that needs no memory of its own for them: a small workflow runs for about as long as
/// it takes to get some, and the body of a fan-out is often one call.
const FEW: usize = 4;

/// The nodes of a scope.
#[derive(Debug, Clone)]
enum Nodes {
    /// So many of these.
    Few(usize, [NodeState; FEW]),
    Many(Box<[NodeState]>),
}

impl FromIterator<NodeState> for Nodes {
    fn from_iter<I: IntoIterator<Item = NodeState>>(nodes: I) -> Self {
        let nodes: Box<[_]> = nodes.into_iter().collect();
        let mut few = [NodeState::default(); FEW];
        match few.get_mut(..nodes.len()) {
            Some(these) => {
                these.copy_from_slice(&nodes);
                Self::Few(nodes.len(), few)
            }
            None => Self::Many(nodes),
        }
    }
}

impl Deref for Nodes {
    type Target = [NodeState];

    #[inline]
    fn deref(&self) -> &[NodeState] {
        match self {
            Self::Few(count, nodes) => &nodes[..*count],
            Self::Many(nodes) => nodes,
        }
    }
}

impl DerefMut for Nodes {
    #[inline]
    fn deref_mut(&mut self) -> &mut [NodeState] {
        match self {
            Self::Few(count, nodes) => &mut nodes[..*count],
            Self::Many(nodes) => nodes,
        }
    }
}

/// The schedule of one scope in one run.
#[derive(Debug, Clone)]
pub struct Schedule {
    nodes: Nodes,
    scope: Scope,
}

/// What became of what has to be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Undoing {
    /// Nodes go on.
    Later,
    /// It was asked for.
    Asked,
    /// Nothing is left to undo.
    Over,
}

/// How a scope stands as a whole.
#[derive(Debug, Clone)]
struct Scope {
    /// How many nodes have not ended.
    open: usize,
    /// Whether a node ended otherwise than well.
    marred: bool,
    /// Whether `finally` nodes may start: all others have ended.
    closing: bool,
    /// What became of what has to be undone.
    undoing: Undoing,
    finished: bool,
    stop: Option<Stop>,
}

impl Schedule {
    /// A schedule in which nothing has started.
    #[must_use]
    pub fn new(wiring: &Wiring) -> Self {
        let state = |node: &Wired| NodeState {
            status: Status::Waiting,
            tally: Tally {
                open: node.named,
                ..Tally::default()
            },
            arm: None,
        };
        let nodes: Nodes = wiring.nodes.iter().map(state).collect();
        Self {
            scope: Scope {
                open: nodes.len(),
                marred: false,
                closing: false,
                undoing: if wiring.undoes {
                    Undoing::Later
                } else {
                    Undoing::Over
                },
                finished: false,
                stop: None,
            },
            nodes,
        }
    }

    /// How a node stands.
    #[must_use]
    pub fn status(&self, node: usize) -> Status {
        self.nodes[node].status
    }

    /// Whether this node is under way, and all others have ended.
    #[must_use]
    pub fn is_down_to(&self, node: usize) -> bool {
        self.scope.open == 1 && self.status(node) == Status::Running
    }

    /// Whether all nodes have ended, and [`Command::Finish`] was said.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.scope.finished
    }

    /// Whether all nodes have ended, each of them with its value.
    #[must_use]
    pub fn is_all_done(&self) -> bool {
        self.scope.finished && !self.scope.marred
    }

    /// Why nothing more starts, if so.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        self.scope.stop
    }

    /// Takes an event and adds what follows from it to `commands`.
    ///
    /// What comes too late is ignored: the end of a node that is not running, a second choice, a milder stop than the one
    /// before, anything after [`Command::Finish`].
    ///
    /// # Panics
    /// If the event names a node or an arm that the scope does not have, or the wiring is that of another scope.
    #[inline]
    pub fn on(&mut self, wiring: &Wiring, event: Event, commands: &mut Vec<Command>) {
        if self.scope.finished {
            return;
        }
        let step = Step {
            wiring,
            nodes: &mut self.nodes,
            scope: &mut self.scope,
            first: commands.len(),
            commands,
        };
        if let Event::Ended(node, Status::Done) = event
            && wiring.nodes[node].hands_on
        {
            return step.hand_on(node);
        }
        step.take(event);
    }
}

/// A schedule while it takes an event.
struct Step<'a> {
    wiring: &'a Wiring,
    nodes: &'a mut [NodeState],
    scope: &'a mut Scope,
    commands: &'a mut Vec<Command>,
    /// Where in `commands` its own begin.
    first: usize,
}

impl Step<'_> {
    fn take(mut self, event: Event) {
        match event {
            Event::Begin => {
                for node in 0..self.nodes.len() {
                    self.consider(node);
                }
            }
            Event::Ended(node, status) => {
                if self.nodes[node].status != Status::Running {
                    return;
                }
                self.end(node, status);
                if status.is_failure() && !self.wiring.nodes[node].handled {
                    self.halt(Stop::Failing);
                }
                self.settle(node);
            }
            Event::Chose(node, arm) => {
                let state = self.nodes[node];
                if state.status == Status::Running && state.arm.is_none() {
                    self.choose(node, arm);
                }
            }
            Event::Stop(stop) => self.halt(stop),
            Event::Undone if self.scope.undoing == Undoing::Asked => {
                self.scope.undoing = Undoing::Over;
            }
            Event::Undone => {}
        }
        self.close();
    }

    /// Lets what has ended without having started reach what waits for it, and ends the scope if all has.
    fn close(&mut self) {
        self.propagate();
        if self.scope.open == 0 && self.scope.undoing == Undoing::Over {
            self.scope.finished = true;
            self.commands.push(Command::Finish);
        }
    }

    /// Lets the success of a node reach [those that want nothing else](Wired::hands_on): what [`take`](Self::take) does too,
    /// and nearly all that happens in a run, without what cannot follow from it.
    #[inline]
    fn hand_on(mut self, node: usize) {
        if self.nodes[node].status != Status::Running {
            return;
        }
        self.end(node, Status::Done);
        let (wiring, mut judged) = (self.wiring, false);
        for &successor in wiring.successors(node) {
            let successor = successor as usize;
            let state = &mut self.nodes[successor];
            if state.status != Status::Waiting {
                continue;
            }
            state.tally.open -= 1;
            state.tally.done = true;
            if state.tally.open > 0 {
                continue;
            }
            if state.tally.failed || state.tally.skipped {
                self.judge(successor);
                judged = true;
            } else {
                state.status = Status::Running;
                self.commands.push(Command::Start(successor));
            }
        }
        // With one of them running and none ended, nothing follows.
        if judged || self.commands.len() == self.first {
            self.close();
        }
    }

    /// Starts, skips or blocks a waiting node once its rule can be decided.
    // Nearly every decision is about a node that wants success and has had nothing else; it is made in place.
    #[inline(always)]
    fn consider(&mut self, node: usize) {
        let wired = &self.wiring.nodes[node];
        let state = &mut self.nodes[node];
        if state.status != Status::Waiting || (wired.finally && !self.scope.closing) {
            return;
        }
        let tally = &state.tally;
        if wired.rule != Rule::AllSuccess || tally.failed || tally.skipped {
            return self.judge(node);
        }
        if tally.open == 0 {
            state.status = Status::Running;
            self.commands.push(Command::Start(node));
        }
    }

    #[cold]
    fn judge(&mut self, node: usize) {
        match decide(self.wiring.nodes[node].rule, self.nodes[node].tally) {
            None => {}
            Some(Decision::Start) => {
                self.nodes[node].status = Status::Running;
                self.commands.push(Command::Start(node));
            }
            Some(Decision::End(status)) => self.end_unstarted(node, status),
        }
    }

    /// Lets a branch wait for what its chosen arm names.
    fn choose(&mut self, node: usize, arm: Option<usize>) {
        let NodeKind::Branch { arms, .. } = self.wiring.scope().nodes[node].kind else {
            return;
        };
        let Some(arm) = arm else {
            self.end(node, Status::Done);
            return self.settle(node);
        };
        if self
            .scope
            .stop
            .is_some_and(|stop| !self.wiring.survives(node, stop))
        {
            return self.end_unstarted(node, Status::Blocked);
        }
        let mut tally = Tally::default();
        for &named in arms[arm].reads {
            tally.count(self.wiring.nodes[named].seen(self.nodes[named].status, Rule::AllSuccess));
        }
        self.nodes[node].tally = tally;
        self.nodes[node].arm = Some(arm as u32);
        self.consider_arm(node, arm);
    }

    /// Runs, skips or blocks a branch's chosen arm once all that it names has ended.
    fn consider_arm(&mut self, node: usize, arm: usize) {
        match decide(Rule::AllSuccess, self.nodes[node].tally) {
            None => {}
            Some(Decision::Start) => self.commands.push(Command::StartArm(node, arm)),
            Some(Decision::End(status)) => self.end_unstarted(node, status),
        }
    }

    fn end_unstarted(&mut self, node: usize, status: Status) {
        self.end(node, status);
        self.commands.push(Command::Ended(node, status));
    }

    fn end(&mut self, node: usize, status: Status) {
        self.nodes[node].status = status;
        self.scope.open -= 1;
        self.scope.marred |= status != Status::Done;
    }

    /// Blocks what may no longer start, so that whatever still waits may.
    fn halt(&mut self, stop: Stop) {
        if self.scope.stop >= Some(stop) {
            return;
        }
        self.scope.stop = Some(stop);
        for node in 0..self.nodes.len() {
            let state = self.nodes[node];
            let waits = match state.status {
                Status::Waiting => true,
                Status::Running => state.arm.is_some() && state.tally.open > 0,
                _ => false,
            };
            if waits && !self.wiring.survives(node, stop) {
                self.end_unstarted(node, Status::Blocked);
            }
        }
    }

    /// Lets every end that was commanded reach those that wait for it;
    /// the end of the last ordinary node lets the `finally` nodes start.
    fn propagate(&mut self) {
        let mut next = self.first;
        loop {
            while let Some(&command) = self.commands.get(next) {
                next += 1;
                if let Command::Ended(node, _) = command {
                    self.settle(node);
                }
            }
            // A `finally` node neither starts nor is blocked before, so that what has not ended is all of them.
            if self.scope.closing || self.scope.open > self.wiring.finally.len() {
                return;
            }
            if self.scope.undoing != Undoing::Over {
                if self.scope.undoing == Undoing::Later {
                    self.scope.undoing = Undoing::Asked;
                    self.commands.push(Command::Undo);
                }
                return;
            }
            self.scope.closing = true;
            for &node in &self.wiring.finally {
                self.consider(node);
            }
        }
    }

    /// Lets a node's end reach the nodes and the arms that name it.
    fn settle(&mut self, node: usize) {
        let wired = &self.wiring.nodes[node];
        let status = self.nodes[node].status;
        for &successor in self.wiring.successors(node) {
            let successor = successor as usize;
            let state = &mut self.nodes[successor];
            if state.status == Status::Waiting {
                let rule = self.wiring.nodes[successor].rule;
                state.tally.settle(wired.seen(status, rule));
                self.consider(successor);
            }
        }
        for &(branch, arm) in self.wiring.arms(node) {
            let state = &mut self.nodes[branch as usize];
            if state.status == Status::Running && state.arm == Some(arm) {
                state.tally.settle(wired.seen(status, Rule::AllSuccess));
                self.consider_arm(branch as usize, arm as usize);
            }
        }
    }
}
