//! The plan: a workflow's graph as constant data, built by `workflow!` at compile time.

use std::time::Duration;

#[cfg(feature = "serde")]
use serde::Serialize;

#[cfg(feature = "serde")]
use crate::duration;
use crate::policy::Policies;

mod waits;

pub use self::waits::Wait;

/// A step as `#[step]` described it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct StepSpec {
    /// The step's name: its function's in kebab case, or what `name = "…"` says.
    pub name: &'static str,
    /// The function's path.
    pub function: &'static str,
    /// The function's documentation comment.
    pub description: &'static str,
    /// `version = "…"`, or a digest of the function's tokens; part of every cache key.
    pub version: &'static str,
    /// The data parameters, in order.
    pub params: &'static [ParamSpec],
    /// The output type as it is written.
    pub output: &'static str,
    /// Whether the function returns a `Result`.
    pub fallible: bool,
    /// Whether the function is `async`.
    pub asynchronous: bool,
    /// Whether the function blocks its thread and runs on the blocking pool.
    pub blocking: bool,
    /// Whether an attempt may be repeated without harm; true by default.
    pub idempotent: bool,
    /// What its policies are when a node says nothing else.
    pub policies: Policies,
    /// Whether a cache key, a rate-limit key or a weight is computed from the arguments.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub reads_arguments: bool,
    /// The step that undoes it; none by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub compensation: Option<&'static StepSpec>,
    /// The decision that its value waits for before anybody sees it; none by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub checkpoint: Option<Checkpoint>,
}

impl StepSpec {
    /// A step of this name that asks for nothing; generated code fills in the rest.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            function: name,
            description: "",
            version: "",
            params: &[],
            output: "()",
            fallible: false,
            asynchronous: false,
            blocking: false,
            idempotent: true,
            policies: Policies::NONE,
            reads_arguments: false,
            compensation: None,
            checkpoint: None,
        }
    }

    /// Whether a call, or undoing it, may wait, so that it cannot be over at once.
    #[must_use]
    pub const fn suspends(&self) -> bool {
        let undo = match self.compensation {
            Some(undo) => undo.asynchronous || undo.blocking,
            None => false,
        };
        self.asynchronous || self.blocking || undo
    }
}

/// A decision that a node's value waits for: somebody approves it, rejects it, or approves it with another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Checkpoint {
    /// Who may decide; anybody where nobody is named.
    pub approvers: &'static [&'static str],
    /// How long the decision may take; without limit by default.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::optional"))]
    pub expires: Option<Duration>,
    /// What happens when that time is over.
    pub on_expire: OnExpire,
}

impl Checkpoint {
    /// Anybody decides, at any time; generated code fills in the rest.
    pub const ANYBODY: Self = Self {
        approvers: &[],
        expires: None,
        on_expire: OnExpire::Reject,
    };
}

/// What happens to a checkpoint that nobody decided about in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum OnExpire {
    /// It counts as rejected: the node fails.
    #[default]
    Reject,
    /// It counts as approved.
    Approve,
}

/// A parameter's name and type, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct ParamSpec {
    /// The name.
    pub name: &'static str,
    /// The type as it is written.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub ty: &'static str,
}

/// A workflow as `workflow!` described it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct WorkflowSpec {
    /// The workflow's name, as declared.
    pub name: &'static str,
    /// The module it is declared in.
    pub module: &'static str,
    /// Its documentation comment.
    pub description: &'static str,
    /// `version = "…"`; empty when there is none.
    pub version: &'static str,
    /// Who owns it; empty when nobody is named.
    pub owner: &'static str,
    /// How to reach the owner; empty when it is not said.
    pub contact: &'static str,
    /// Where its documentation is; empty when it is not said.
    pub docs: &'static str,
    /// What its attribute `#[deprecated]` says, if it has one.
    pub deprecated: Option<&'static str>,
    /// The inputs, in order.
    pub inputs: &'static [ParamSpec],
    /// The output type as it is written; the `T` of a `Result<T, E>`.
    pub output: &'static str,
    /// The error type as it is written; empty for a workflow that declares none.
    pub error: &'static str,
    /// How long a run may take; unbounded by default.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::optional"))]
    pub deadline: Option<Duration>,
    /// How many of its nodes may be under way at once in one run; unlimited by default.
    pub concurrency: Option<u32>,
    /// What an unhandled failure does to what has started.
    pub on_failure: OnFailure,
    /// Whether runs are kept in a store, and survive their process.
    pub durable: bool,
    /// The versions whose runs may go on under this one.
    pub compatible_with: &'static [&'static str],
    /// How many runs may be under way at once; unlimited by default.
    pub max_active_runs: Option<u32>,
    /// What becomes of a run that is started when so many are under way.
    pub overlap: Overlap,
    /// How long a run may stand still before that is told; what the orchestrator says, or has learned, by default.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::optional"))]
    pub stuck_after: Option<Duration>,
    /// When runs start by themselves; never by default.
    pub schedule: Option<Schedule>,
    /// From 0, the lowest, to 100: which of the runs that wait for room begins first; 50 by default.
    pub priority: u8,
    /// The nodes and what holds between them.
    pub scope: &'static ScopeSpec,
    /// The picture: an SVG document, or nothing.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub svg: &'static str,
}

impl WorkflowSpec {
    /// A workflow of this name and these nodes; generated code fills in the rest.
    ///
    /// # Panics
    /// If a step in it has a checkpoint, which only a run that is kept can wait at.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, scope: &'static ScopeSpec) -> Self {
        if scope.has_checkpoint() {
            panic!(
                "somebody decides about what a step of this workflow gives (`checkpoint_after`), which a run waits for that is kept: say `#[workflow(durable)]`"
            );
        }
        Self::durable(name, scope)
    }

    /// The same of a workflow whose runs are kept, once that is said.
    #[must_use]
    pub const fn durable(name: &'static str, scope: &'static ScopeSpec) -> Self {
        Self {
            name,
            module: "",
            description: "",
            version: "",
            owner: "",
            contact: "",
            docs: "",
            deprecated: None,
            inputs: &[],
            output: "()",
            error: "",
            deadline: None,
            concurrency: None,
            on_failure: OnFailure::Finish,
            durable: false,
            compatible_with: &[],
            max_active_runs: None,
            overlap: Overlap::Queue,
            stuck_after: None,
            schedule: None,
            priority: 50,
            scope,
            svg: "",
        }
    }
}

/// What an unhandled failure does to what has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum OnFailure {
    /// What has started may finish; nothing new starts but cleaning up.
    #[default]
    Finish,
    /// What has started is stopped; nothing new starts but cleaning up.
    Cancel,
}

/// What becomes of a run that is started when as many are under way as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum Overlap {
    /// It waits for its turn.
    #[default]
    Queue,
    /// It is not started.
    Skip,
    /// The oldest run under way is cancelled, and the new one takes its place.
    CancelOld,
    /// The new run is kept as cancelled.
    CancelNew,
}

/// When runs start by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Schedule {
    /// Minute, hour, day of the month, month, day of the week: `0 6 * * 1-5`.
    pub cron: &'static str,
    /// The IANA name of the time zone that the times are in; `UTC` by default.
    pub time_zone: &'static str,
    /// What becomes of times that passed while nobody was there.
    pub catch_up: CatchUp,
    /// By how much each start is put off at most, by an amount of its own; not at all by default.
    #[cfg_attr(
        feature = "serde",
        serde(
            skip_serializing_if = "Option::is_none",
            serialize_with = "duration::optional"
        )
    )]
    pub jitter: Option<Duration>,
}

/// What becomes of the times of a schedule that passed while nobody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum CatchUp {
    /// They are passed over.
    #[default]
    None,
    /// The last one is made up for.
    Last,
    /// All are made up for, at most so many of the latest.
    All(u32),
}

/// Nodes that are scheduled together: a workflow's, a `for` body's or an arm's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct ScopeSpec {
    /// The nodes, in a topological order: a node reads only nodes before it.
    pub nodes: &'static [NodeSpec],
    /// The nodes the result reads.
    pub result: &'static [usize],
}

impl ScopeSpec {
    /// Whether a step in it, or in what is inside, has a checkpoint; other workflows say it of themselves.
    const fn has_checkpoint(&self) -> bool {
        let mut at = 0;
        while at < self.nodes.len() {
            let found = match &self.nodes[at].kind {
                NodeKind::Call(callees) => Callee::any_checkpoint(callees),
                NodeKind::Repeat { callee, .. } => Callee::any_checkpoint(&[*callee]),
                NodeKind::For { body, .. } => body.has_checkpoint(),
                NodeKind::Branch { arms, .. } => ArmSpec::any_checkpoint(arms),
                NodeKind::Signal { .. } | NodeKind::Sleep { .. } => false,
            };
            if found {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Whether a step in it, or in what is inside, is undone by another where a run does not succeed.
    #[must_use]
    pub fn undoes(&self) -> bool {
        let called = |callee: &Callee| match callee {
            Callee::Step(step) => step.compensation.is_some(),
            Callee::Workflow(spec) => spec().scope.undoes(),
        };
        self.nodes.iter().any(|node| match &node.kind {
            NodeKind::Call(callees) => callees.iter().any(called),
            NodeKind::Repeat { callee, .. } => called(callee),
            NodeKind::For { body, .. } => body.undoes(),
            NodeKind::Branch { arms, .. } => arms.iter().any(|arm| arm.body.undoes()),
            NodeKind::Signal { .. } | NodeKind::Sleep { .. } => false,
        })
    }
}

/// One node.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct NodeSpec {
    /// The node's name in kebab case, or what `name = "…"` says.
    pub name: &'static str,
    /// What it does.
    pub kind: NodeKind,
    /// The nodes of the same scope whose values or outcomes it names, ascending.
    pub reads: &'static [usize],
    /// The nodes of the same scope it only waits for, ascending.
    pub after: &'static [usize],
    /// When it starts, given how those ended.
    pub rule: Rule,
    /// Whether it waits for all others and runs however the run ends.
    pub finally: bool,
    /// Whether its failure is an absent value instead of the run's failure.
    pub optional: bool,
    /// Whether those that name it get its outcome instead of its value.
    pub outcome: bool,
    /// Whether something consumes its failure: a rule that reads it, an outcome, `optional`.
    pub handled: bool,
    /// Whether its value is computed again rather than recorded.
    pub transient: bool,
    /// What it means if an operator skips it; empty where nobody may.
    pub allow_skip: &'static str,
    /// The decision that its value waits for, over its step's own.
    pub checkpoint: Option<Checkpoint>,
    /// The options of this use, over those of its step.
    pub policies: Policies,
}

impl NodeSpec {
    /// A node of this name and kind that waits for nothing; generated code fills in the rest.
    #[must_use]
    pub const fn new(name: &'static str, kind: NodeKind) -> Self {
        Self {
            name,
            kind,
            reads: &[],
            after: &[],
            rule: Rule::AllSuccess,
            finally: false,
            optional: false,
            outcome: false,
            handled: false,
            transient: false,
            allow_skip: "",
            checkpoint: None,
            policies: Policies::NONE,
        }
    }

    /// The node, with the nodes that it reads.
    #[must_use]
    pub const fn reading(mut self, reads: &'static [usize]) -> Self {
        self.reads = reads;
        self
    }
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum NodeKind {
    /// Calls a step or runs a workflow; with more than one callee, each next one when the one before it failed.
    Call(&'static [Callee]),
    /// Calls a step or runs a workflow again and again until it breaks.
    Repeat {
        /// What is called each turn.
        callee: Callee,
        /// At most so many turns.
        max: u32,
        /// The wait from one turn's start to the next one's; none by default.
        #[cfg_attr(feature = "serde", serde(serialize_with = "duration::optional"))]
        every: Option<Duration>,
    },
    /// Runs its body for each item.
    For {
        /// What is done with an item.
        body: &'static ScopeSpec,
        /// How many items may be under way at once; unlimited by default.
        concurrency: Option<u32>,
        /// How many items may fail, of a million; `None` tolerates none.
        tolerate: Option<Tolerance>,
    },
    /// Runs one of its arms.
    Branch {
        /// The arms in the order they are written.
        arms: &'static [ArmSpec],
        /// Whether no arm may be taken, which gives an absent value: an `if` without `else`.
        partial: bool,
    },
    /// Waits for a signal.
    Signal {
        /// The type of what it carries, as written.
        carries: &'static str,
        /// How long it waits before it gives an absent value; without limit by default.
        #[cfg_attr(feature = "serde", serde(serialize_with = "duration::optional"))]
        timeout: Option<Duration>,
    },
    /// Waits for a time.
    Sleep {
        /// How long, where that is written and not computed.
        #[cfg_attr(feature = "serde", serde(serialize_with = "duration::optional"))]
        length: Option<Duration>,
    },
}

/// What a call calls.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum Callee {
    /// A step.
    Step(&'static StepSpec),
    /// A workflow, by the function that gives its description.
    Workflow(
        #[cfg_attr(feature = "serde", serde(serialize_with = "workflow_name"))]
        fn() -> &'static WorkflowSpec,
    ),
}

impl Callee {
    const fn any_checkpoint(callees: &[Self]) -> bool {
        match callees {
            [] => false,
            [Self::Step(step), ..] if step.checkpoint.is_some() => true,
            [_, rest @ ..] => Self::any_checkpoint(rest),
        }
    }

    /// The name of the step or the workflow.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Step(step) => step.name,
            Self::Workflow(spec) => spec().name,
        }
    }

    /// Whether it is a workflow.
    #[must_use]
    pub const fn is_workflow(&self) -> bool {
        matches!(self, Self::Workflow(_))
    }

    /// The policies of the step; a workflow has none of its own.
    #[must_use]
    pub const fn policies(&self) -> Policies {
        match self {
            Self::Step(step) => step.policies,
            Self::Workflow(_) => Policies::NONE,
        }
    }
}

impl PartialEq for Callee {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Step(a), Self::Step(b)) => a == b,
            (Self::Workflow(a), Self::Workflow(b)) => std::ptr::eq(a(), b()),
            _ => false,
        }
    }
}

#[cfg(feature = "serde")]
fn workflow_name<S: serde::Serializer>(
    spec: &fn() -> &'static WorkflowSpec,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(spec().name)
}

/// How many items of a fan-out may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum Tolerance {
    /// At most so many items.
    Items(u32),
    /// At most so many in a million items.
    PerMillion(u32),
}

impl Tolerance {
    /// Whether `failed` of `total` items is still within it.
    #[must_use]
    pub const fn allows(self, failed: usize, total: usize) -> bool {
        match self {
            Self::Items(most) => failed <= most as usize,
            Self::PerMillion(most) => failed as u128 * 1_000_000 <= total as u128 * most as u128,
        }
    }
}

/// One arm of an `if` or a `match`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct ArmSpec {
    /// The arm's pattern or condition, as written.
    pub label: &'static str,
    /// The nodes of the enclosing scope that the arm names, beside those its head names, ascending.
    pub reads: &'static [usize],
    /// What the arm does.
    pub body: &'static ScopeSpec,
}

impl ArmSpec {
    const fn any_checkpoint(arms: &[Self]) -> bool {
        match arms {
            [] => false,
            [arm, rest @ ..] => arm.body.has_checkpoint() || Self::any_checkpoint(rest),
        }
    }
}

/// When a node starts, given how the nodes it names ended.
///
/// The rules are those of Airflow; "failed" counts a node that was blocked by a failure too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum Rule {
    /// All are done: the default, and the only rule under which names are values.
    #[default]
    AllSuccess,
    /// All have ended, however.
    AllDone,
    /// All have failed.
    AllFailed,
    /// All were skipped.
    AllSkipped,
    /// One is done; starts as soon as it is.
    OneSuccess,
    /// One has failed; starts as soon as it has.
    OneFailed,
    /// All have ended and none has failed.
    NoneFailed,
    /// All have ended, none has failed and at least one is done.
    NoneFailedMinOneSuccess,
    /// All have ended and none was skipped.
    NoneSkipped,
}

impl Rule {
    /// Every rule, in the order of declaration.
    pub const ALL: [Self; 9] = [
        Self::AllSuccess,
        Self::AllDone,
        Self::AllFailed,
        Self::AllSkipped,
        Self::OneSuccess,
        Self::OneFailed,
        Self::NoneFailed,
        Self::NoneFailedMinOneSuccess,
        Self::NoneSkipped,
    ];

    /// The rule's name as a workflow writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllSuccess => "all_success",
            Self::AllDone => "all_done",
            Self::AllFailed => "all_failed",
            Self::AllSkipped => "all_skipped",
            Self::OneSuccess => "one_success",
            Self::OneFailed => "one_failed",
            Self::NoneFailed => "none_failed",
            Self::NoneFailedMinOneSuccess => "none_failed_min_one_success",
            Self::NoneSkipped => "none_skipped",
        }
    }
}
