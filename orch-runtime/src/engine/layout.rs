//! What follows from a program alone, computed once: wiring, paths, and which nodes need no policies.

use std::sync::Arc;

use orch_core::graph::Fingerprint;
use orch_core::plan::{Callee, Checkpoint, NodeKind, NodeSpec, StepSpec, Wait, WorkflowSpec};
use orch_core::policy::Policies;
use orch_core::schedule::{Command, Event, Schedule, Wiring};

use super::pace::Pace;
use crate::policy::Owner;
use crate::program::{NodeCode, Program, ScopeCode};

/// A program's layout.
#[derive(Debug)]
pub struct Layout {
    pub(crate) root: ScopeLayout,
    /// How many nodes there are before any fan-out.
    pub(crate) nodes: u64,
    /// What identifies the graph's structure.
    pub(crate) fingerprint: String,
    /// A durable workflow inside that waits for what is not kept, as a workflow around it is not durable.
    pub(crate) unkept: Option<(&'static WorkflowSpec, Wait)>,
    /// A workflow inside that undoes what it did, of which a durable workflow would know nothing after a crash.
    pub(crate) forgotten: Option<&'static WorkflowSpec>,
}

/// A scope's layout.
#[derive(Debug)]
pub struct ScopeLayout {
    pub(crate) code: ScopeCode,
    pub(crate) wiring: Wiring,
    pub(crate) nodes: Vec<NodeLayout>,
    /// Its schedule once it has begun, and what begins it: the same for each frame.
    pub(crate) begun: Schedule,
    pub(crate) first: Vec<Command>,
    /// Whether it is one call whose value is the scope's, so that the end of the one is the end of the other.
    pub(crate) is_one_call: bool,
    /// Whether that call gives its value to the fan-out that the scope is the body of.
    pub(crate) is_given: bool,
}

/// A node's layout.
#[derive(Debug)]
pub(crate) struct NodeLayout {
    pub(crate) spec: &'static NodeSpec,
    /// Counts all nodes of the program, nested ones included.
    pub(crate) index: usize,
    /// The names of the nodes around it and its own, with slashes between.
    pub(crate) path: Arc<str>,
    /// What it calls, and under which policies: one tier, or a fallback chain's.
    pub(crate) tiers: Vec<Tier>,
    /// Whether an attempt is all there is to it: no policy, no fallback, no turn, nothing to undo.
    pub(crate) plain: bool,
    pub(crate) pace: Pace,
    /// The body of a `for`, or a branch's arms.
    pub(crate) bodies: Vec<ScopeLayout>,
}

/// One callee of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tier {
    pub(crate) callee: Callee,
    pub(crate) policies: Policies,
}

impl Tier {
    pub(crate) fn step(&self) -> &'static str {
        self.callee.name()
    }

    /// The step that undoes it.
    pub(crate) fn undo(&self) -> Option<&'static StepSpec> {
        match self.callee {
            Callee::Step(step) => step.compensation,
            Callee::Workflow(_) => None,
        }
    }

    /// The step that undoes it, with its own policies.
    pub(crate) fn undoing(&self) -> Option<Self> {
        let step = self.undo()?;
        Some(Self {
            callee: Callee::Step(step),
            policies: step.policies,
        })
    }

    /// Whose breakers and limits it goes through.
    pub(crate) fn owner(&self) -> Owner<'static> {
        self.callee.into()
    }

    /// The step's version, for cache keys.
    pub(crate) fn version(&self) -> &'static str {
        match self.callee {
            Callee::Step(step) => step.version,
            Callee::Workflow(spec) => spec().version,
        }
    }

    /// Whether it is a workflow that is durable itself, so that its nodes are recorded.
    pub(crate) fn keeps_its_own(&self) -> bool {
        matches!(self.callee, Callee::Workflow(spec) if spec().durable)
    }

    pub(crate) fn reads_arguments(&self) -> bool {
        match self.callee {
            Callee::Step(step) => step.reads_arguments,
            Callee::Workflow(_) => false,
        }
    }
}

impl Layout {
    pub(crate) fn new(program: &'static Program) -> Self {
        let mut root = ScopeLayout::new(&program.root, "", &mut 0);
        if program.root.spec.undoes() {
            root.ask_to_undo();
        }
        Self {
            nodes: root.nodes.len() as u64,
            fingerprint: Fingerprint::of(program.spec).to_string(),
            unkept: program.spec.unkept_wait(),
            forgotten: program.spec.forgotten_undo(),
            root,
        }
    }
}

impl Layout {
    /// The node of this path.
    pub(crate) fn find(&self, path: &str) -> Option<&NodeLayout> {
        self.root.find(path)
    }

    /// The node of this index.
    pub(crate) fn node(&self, index: usize) -> Option<&NodeLayout> {
        self.root.node(index)
    }
}

impl ScopeLayout {
    fn find(&self, path: &str) -> Option<&NodeLayout> {
        self.nodes.iter().find_map(|node| {
            if &*node.path == path {
                return Some(node);
            }
            node.bodies.iter().find_map(|body| body.find(path))
        })
    }

    /// Indices ascend from a node to those inside it, and from these to the next node.
    fn node(&self, index: usize) -> Option<&NodeLayout> {
        let before = self.nodes.partition_point(|node| node.index <= index);
        let node = &self.nodes[before.checked_sub(1)?];
        if node.index == index {
            return Some(node);
        }
        let mut bodies = node.bodies.iter().rev();
        bodies.find_map(|body| body.node(index))
    }

    fn new(code: &ScopeCode, around: &str, count: &mut usize) -> Self {
        let wiring = Wiring::new(code.spec);
        let (mut begun, mut first) = (Schedule::new(&wiring), Vec::new());
        begun.on(&wiring, Event::Begin, &mut first);
        Self {
            code: *code,
            wiring,
            nodes: code
                .spec
                .nodes
                .iter()
                .zip(code.nodes)
                .map(|(spec, code)| NodeLayout::new(spec, code, around, count))
                .collect(),
            begun,
            first,
            is_one_call: matches!(
                (code.spec.nodes, code.nodes),
                ([node], [NodeCode::Call(_)]) if !node.outcome && !node.finally
            ),
            is_given: false,
        }
    }
}

impl ScopeLayout {
    fn ask_to_undo(&mut self) {
        self.wiring = Wiring::new(self.code.spec).undoing();
        (self.begun, self.first) = (Schedule::new(&self.wiring), Vec::new());
        self.begun.on(&self.wiring, Event::Begin, &mut self.first);
    }
}

impl NodeLayout {
    /// Whether it runs a workflow that is durable itself, so that its nodes are recorded and it need not be.
    pub(crate) fn keeps_its_own(&self) -> bool {
        self.tiers.iter().all(Tier::keeps_its_own)
    }

    fn new(spec: &'static NodeSpec, code: &NodeCode, around: &str, count: &mut usize) -> Self {
        let index = *count;
        *count += 1;
        let path: Arc<str> = if around.is_empty() {
            spec.name.into()
        } else {
            format!("{around}/{}", spec.name).into()
        };
        let callees: &[Callee] = match &spec.kind {
            NodeKind::Call(callees) => callees,
            NodeKind::Repeat { callee, .. } => std::slice::from_ref(callee),
            NodeKind::For { .. }
            | NodeKind::Branch { .. }
            | NodeKind::Signal { .. }
            | NodeKind::Sleep { .. } => &[],
        };
        let tiers: Vec<_> = callees
            .iter()
            .map(|callee| Tier {
                callee: *callee,
                policies: spec.policies.over(callee.policies()),
            })
            .collect();
        let bodies = match code {
            NodeCode::Call(_)
            | NodeCode::Recorded(..)
            | NodeCode::Signal(_)
            | NodeCode::Sleep(_) => Vec::new(),
            NodeCode::For { body, given, .. } => vec![ScopeLayout {
                is_given: *given,
                ..ScopeLayout::new(body, &path, count)
            }],
            NodeCode::Branch { arms, .. } => arms
                .iter()
                .map(|arm| ScopeLayout::new(&arm.body, &path, count))
                .collect(),
        };
        Self {
            spec,
            index,
            plain: matches!(spec.kind, NodeKind::Call([_]))
                && tiers[0].policies.is_none()
                && tiers[0].undo().is_none(),
            path,
            tiers,
            pace: Pace::default(),
            bodies,
        }
    }

    /// The name of the step that is called first, or the kind of control form.
    pub(crate) fn step(&self) -> &'static str {
        match (self.tiers.first(), &self.spec.kind) {
            (Some(tier), _) => tier.step(),
            (None, NodeKind::For { .. }) => "for",
            (None, NodeKind::Signal { .. }) => "signal",
            (None, NodeKind::Sleep { .. }) => "sleep",
            (None, _) => "branch",
        }
    }

    /// Whether somebody is told when it has failed for good.
    pub(crate) fn notifies_human(&self) -> bool {
        let notify = |tier: &Tier| tier.policies.notify_human == Some(true);
        self.tiers.iter().any(notify)
    }

    /// The decision that its value waits for.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        self.spec
            .checkpoint
            .or_else(|| match self.tiers.first()?.callee {
                Callee::Step(step) => step.checkpoint,
                Callee::Workflow(_) => None,
            })
    }

    /// Whether its polls are known to keep a core busy, or may do so: a plain function never waits.
    pub(crate) fn may_keep_busy(&self) -> bool {
        self.pace.is_busy().unwrap_or_else(|| {
            matches!(
                self.tiers.first().map(|tier| tier.callee),
                Some(Callee::Step(step)) if !step.asynchronous && !step.blocking
            )
        })
    }
}
