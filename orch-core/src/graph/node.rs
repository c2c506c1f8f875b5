//! One node, seen with names in place of indices.

use std::fmt;

use super::scope::{links_into, names};
use super::{EdgeKind, Graph, Scope};
use crate::duration::Human;
use crate::plan::{Callee, Checkpoint, NodeKind, NodeSpec, Rule, ScopeSpec, StepSpec, Tolerance};
use crate::policy::Policies;

/// A node of a graph.
#[derive(Clone)]
pub struct Node {
    scope: &'static ScopeSpec,
    spec: &'static NodeSpec,
    index: usize,
    path: String,
}

impl Node {
    /// The node at `index`, which is within the scope.
    pub(super) fn new(scope: &'static ScopeSpec, index: usize, prefix: &str) -> Self {
        let spec = &scope.nodes[index];
        Self {
            scope,
            spec,
            index,
            path: format!("{prefix}{}", spec.name),
        }
    }

    /// Its name, unique among the nodes it is scheduled with.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.spec.name
    }

    /// Its name after those of the nodes it is inside: `parcels/pack`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it does, in a word: `step`, `workflow`, `repeat`, `for`, `branch`, `signal` or `sleep`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.spec.kind {
            NodeKind::Call([Callee::Workflow(_), ..]) => "workflow",
            NodeKind::Call(_) => "step",
            NodeKind::Repeat { .. } => "repeat",
            NodeKind::For { .. } => "for",
            NodeKind::Branch { .. } => "branch",
            NodeKind::Signal { .. } => "signal",
            NodeKind::Sleep { .. } => "sleep",
        }
    }

    /// What it calls itself: one step or workflow, or a chain of fallbacks;
    /// nothing for a `for` or a branch, whose calls are in their [`scopes`](Node::scopes), and for a wait.
    pub fn calls(&self) -> impl Iterator<Item = Call> + use<> {
        let (chain, one) = match self.spec.kind {
            NodeKind::Call(chain) => (chain, None),
            NodeKind::Repeat { callee, .. } => (&[] as &[Callee], Some(callee)),
            NodeKind::For { .. }
            | NodeKind::Branch { .. }
            | NodeKind::Signal { .. }
            | NodeKind::Sleep { .. } => (&[] as &[Callee], None),
        };
        let over = self.spec.policies;
        chain
            .iter()
            .copied()
            .chain(one)
            .map(move |callee| Call { callee, over })
    }

    /// The names of the nodes whose values or outcomes it names, in its arms too.
    #[must_use]
    pub fn reads(&self) -> Vec<&'static str> {
        self.waits(|kind| kind != EdgeKind::Order)
    }

    /// The names of the nodes it only waits for.
    #[must_use]
    pub fn after(&self) -> Vec<&'static str> {
        self.waits(|kind| kind == EdgeKind::Order)
    }

    /// When it starts, given how the nodes it names ended.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.spec.rule
    }

    /// Whether it waits for all others and runs however the run ends.
    #[must_use]
    pub const fn is_finally(&self) -> bool {
        self.spec.finally
    }

    /// Whether its failure is an absent value instead of the run's failure.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.spec.optional
    }

    /// Whether something consumes its failure.
    #[must_use]
    pub const fn is_handled(&self) -> bool {
        self.spec.handled
    }

    /// The decision that its value waits for: its own, or that of the first step it calls.
    #[must_use]
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let steps = self.calls().find_map(|call| call.step()?.checkpoint);
        self.spec.checkpoint.or(steps)
    }

    /// What is unusual about when it runs and what becomes of its value, in words.
    pub(super) fn marks(&self) -> Vec<String> {
        let spec = self.spec;
        let rule = (spec.rule != Rule::AllSuccess).then(|| format!("on {}", spec.rule.as_str()));
        let word = |holds: bool, word: &str| holds.then(|| word.to_owned());
        let checkpoint = self
            .checkpoint()
            .map(|checkpoint| match checkpoint.approvers {
                [] => "checkpoint".to_owned(),
                approvers => format!("checkpoint of {}", approvers.join(" or ")),
            });
        let undone = self.calls().find_map(|call| call.undone_by());
        let undone = undone.map(|undo| format!("undone by {undo}"));
        let marks = [
            rule,
            word(spec.finally, "finally"),
            word(spec.optional, "optional"),
            word(spec.transient, "transient"),
            word(!spec.allow_skip.is_empty(), "may be skipped"),
            checkpoint,
            undone,
        ];
        marks.into_iter().flatten().collect()
    }

    /// What holds for its first call: the options of this use over those of the step.
    ///
    /// The other calls of a chain have theirs in [`Call::policies`].
    #[must_use]
    pub fn policies(&self) -> Policies {
        self.calls()
            .next()
            .map_or(self.spec.policies, |call| call.policies())
    }

    /// The documentation of the first step or workflow it calls; empty when there is none.
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.calls().next().map_or("", |call| call.description())
    }

    /// What is inside it: a `for`'s body, a branch's arms in the order they are written.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        match self.spec.kind {
            NodeKind::Call(_)
            | NodeKind::Repeat { .. }
            | NodeKind::Signal { .. }
            | NodeKind::Sleep { .. } => Vec::new(),
            NodeKind::For { body, .. } => vec![Scope::inside(self, body, "")],
            NodeKind::Branch { arms, .. } => arms
                .iter()
                .map(|arm| Scope::inside(self, arm.body, arm.label))
                .collect(),
        }
    }

    /// What it does, in words: `fetch-rates or else last-known-rates`, `for each item, 16 at once`.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.spec.kind {
            NodeKind::Call(_) => {
                let calls: Vec<&str> = self.calls().map(|call| call.name()).collect();
                calls.join(" or else ")
            }
            NodeKind::Signal { carries, timeout } => {
                let limit = timeout
                    .map(|timeout| format!(", at most {}", Human(timeout)))
                    .unwrap_or_default();
                format!("waits for a signal with `{carries}`{limit}")
            }
            NodeKind::Sleep { length } => match length {
                Some(length) => format!("waits {}", Human(length)),
                None => "waits for as long as is computed".to_owned(),
            },
            NodeKind::Repeat { callee, max, every } => {
                let wait = every
                    .map(|every| format!(" every {}", Human(every)))
                    .unwrap_or_default();
                format!("{} at most {max} times{wait}", callee.name())
            }
            NodeKind::For {
                concurrency,
                tolerate,
                ..
            } => {
                let limit = concurrency
                    .map(|max| format!(", {max} at once"))
                    .unwrap_or_default();
                let loss = tolerate
                    .map(|most| format!(", {most} may fail"))
                    .unwrap_or_default();
                format!("for each item{limit}{loss}")
            }
            NodeKind::Branch { arms, partial } => match (arms.len(), partial) {
                (1, true) => "perhaps".to_owned(),
                (count, true) => format!("one of {count} or none"),
                (count, false) => format!("one of {count}"),
            },
        }
    }

    pub(super) const fn spec(&self) -> &'static NodeSpec {
        self.spec
    }

    pub(super) const fn index(&self) -> usize {
        self.index
    }

    fn waits(&self, wanted: impl Fn(EdgeKind) -> bool) -> Vec<&'static str> {
        let before = links_into(self.spec, self.index)
            .into_iter()
            .filter(|link| wanted(link.kind))
            .map(|link| link.from);
        names(self.scope, before)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("path", &self.path)
            .field("runs", &self.summary())
            .field("reads", &self.reads())
            .field("after", &self.after())
            .finish_non_exhaustive()
    }
}

/// A step or a workflow that a node calls.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    callee: Callee,
    over: Policies,
}

impl Call {
    /// The name of the step or the workflow.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.callee.name()
    }

    /// The step, if it is one.
    #[must_use]
    pub const fn step(&self) -> Option<&'static StepSpec> {
        match self.callee {
            Callee::Step(step) => Some(step),
            Callee::Workflow(_) => None,
        }
    }

    /// The name of the step that undoes it, if one does.
    #[must_use]
    pub fn undone_by(&self) -> Option<&'static str> {
        self.step()?.compensation.map(|undo| undo.name)
    }

    /// The workflow, if it is one.
    #[must_use]
    pub fn workflow(&self) -> Option<Graph> {
        match self.callee {
            Callee::Step(_) => None,
            Callee::Workflow(spec) => Some(Graph::of(spec())),
        }
    }

    /// The documentation comment of the step or the workflow.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self.callee {
            Callee::Step(step) => step.description,
            Callee::Workflow(spec) => spec().description,
        }
    }

    /// What holds for this call: the options of its node over those of the step.
    #[must_use]
    pub const fn policies(&self) -> Policies {
        self.over.over(self.callee.policies())
    }
}

/// `5%`, `3 items`
impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items(1) => f.write_str("1 item"),
            Self::Items(items) => write!(f, "{items} items"),
            Self::PerMillion(parts) => write!(f, "{}%", f64::from(*parts) / 10_000.0),
        }
    }
}
