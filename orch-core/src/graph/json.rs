//! A graph as JSON, or whatever else serde writes: names instead of indices, durations in words.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{Call, Edge, Fingerprint, Graph, Node, Scope};
use crate::duration;
use crate::plan::{Checkpoint, NodeKind, OnFailure, Overlap, ParamSpec, Rule, Schedule, Tolerance};
use crate::policy::Policies;

/// Everything the graph knows but the picture; what a workflow does not say is left out.
impl Serialize for Graph {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WorkflowView::of(*self).serialize(serializer)
    }
}

#[derive(Serialize)]
struct WorkflowView {
    name: &'static str,
    module: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    owner: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    contact: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    docs: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecated: Option<&'static str>,
    inputs: &'static [ParamSpec],
    output: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    error: &'static str,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "duration::optional"
    )]
    deadline: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<u32>,
    on_failure: OnFailure,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    durable: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    compatible_with: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    max_active_runs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap: Option<Overlap>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "duration::optional"
    )]
    stuck_after: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    fingerprint: Fingerprint,
    topological_order: Vec<&'static str>,
    roots: Vec<&'static str>,
    leaves: Vec<&'static str>,
    depth: usize,
    width: usize,
    nodes: Vec<NodeView>,
    edges: Vec<Edge>,
    result: Vec<&'static str>,
}

impl WorkflowView {
    fn of(graph: Graph) -> Self {
        let spec = graph.spec();
        let scope = ScopeView::of(&graph.scope());
        Self {
            name: spec.name,
            module: spec.module,
            description: spec.description,
            version: spec.version,
            owner: spec.owner,
            contact: spec.contact,
            docs: spec.docs,
            deprecated: spec.deprecated,
            inputs: spec.inputs,
            output: spec.output,
            error: spec.error,
            deadline: spec.deadline,
            concurrency: spec.concurrency,
            on_failure: spec.on_failure,
            durable: spec.durable,
            compatible_with: spec.compatible_with,
            max_active_runs: spec.max_active_runs,
            overlap: spec.max_active_runs.map(|_| spec.overlap),
            stuck_after: spec.stuck_after,
            schedule: spec.schedule,
            priority: spec.durable.then_some(spec.priority),
            fingerprint: graph.fingerprint(),
            topological_order: graph.topological_order(),
            roots: graph.roots(),
            leaves: graph.leaves(),
            depth: graph.depth(),
            width: graph.width(),
            nodes: scope.nodes,
            edges: scope.edges,
            result: scope.result,
        }
    }
}

#[derive(Serialize)]
struct ScopeView {
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'static str,
    nodes: Vec<NodeView>,
    edges: Vec<Edge>,
    result: Vec<&'static str>,
}

impl ScopeView {
    fn of(scope: &Scope) -> Self {
        Self {
            label: scope.label(),
            nodes: scope.nodes().map(|node| NodeView::of(&node)).collect(),
            edges: scope.edges(),
            result: scope.result(),
        }
    }
}

#[derive(Serialize)]
struct NodeView {
    name: &'static str,
    path: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<CallView>,
    reads: Vec<&'static str>,
    after: Vec<&'static str>,
    rule: Rule,
    finally: bool,
    optional: bool,
    handled: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    transient: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    allow_skip: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<Checkpoint>,
    #[serde(flatten)]
    control: Control,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inner: Vec<ScopeView>,
}

impl NodeView {
    fn of(node: &Node) -> Self {
        Self {
            name: node.name(),
            path: node.path().to_owned(),
            kind: node.kind(),
            calls: node.calls().map(|call| CallView::of(&call)).collect(),
            reads: node.reads(),
            after: node.after(),
            rule: node.rule(),
            finally: node.is_finally(),
            optional: node.is_optional(),
            handled: node.is_handled(),
            transient: node.spec().transient,
            allow_skip: node.spec().allow_skip,
            checkpoint: node.checkpoint(),
            control: Control::of(node),
            inner: node.scopes().iter().map(ScopeView::of).collect(),
        }
    }
}

/// What a control form says beside what it calls or holds.
#[derive(Serialize, Default)]
struct Control {
    #[serde(skip_serializing_if = "Option::is_none")]
    carries: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<u32>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "duration::optional"
    )]
    every: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<bool>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "duration::optional"
    )]
    timeout: Option<Duration>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "duration::optional"
    )]
    length: Option<Duration>,
}

impl Control {
    fn of(node: &Node) -> Self {
        let none = Self::default();
        match node.spec().kind {
            NodeKind::Call(_) => none,
            NodeKind::Signal { carries, timeout } => Self {
                carries: Some(carries),
                timeout,
                ..none
            },
            NodeKind::Sleep { length } => Self { length, ..none },
            NodeKind::Repeat { max, every, .. } => Self {
                max: Some(max),
                every,
                ..none
            },
            NodeKind::For {
                concurrency,
                tolerate,
                ..
            } => Self {
                concurrency,
                tolerate: tolerate.as_ref().map(Tolerance::to_string),
                ..none
            },
            NodeKind::Branch { partial, .. } => Self {
                partial: Some(partial),
                ..none
            },
        }
    }
}

#[derive(Serialize)]
struct CallView {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'static [ParamSpec]>,
    output: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_by: Option<&'static str>,
    policies: Policies,
}

impl CallView {
    fn of(call: &Call) -> Self {
        let step = call.step();
        Self {
            step: step.map(|step| step.name),
            workflow: call.workflow().map(Graph::name),
            description: call.description(),
            version: step
                .map(|step| step.version)
                .filter(|version| !version.is_empty()),
            params: step.map(|step| step.params),
            output: call
                .workflow()
                .map_or_else(|| step.map_or("", |step| step.output), Graph::output),
            undone_by: call.undone_by(),
            policies: call.policies(),
        }
    }
}
