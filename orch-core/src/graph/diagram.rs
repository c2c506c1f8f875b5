//! A graph as boxes within boxes and arrows between them: what every textual picture is written from.

use super::scope::links;
use super::{EdgeKind, Graph, Node, Scope};

/// Boxes within boxes, and the arrows between them.
pub(super) struct Diagram {
    pub(super) boxes: Vec<Shape>,
    pub(super) arrows: Vec<Arrow>,
}

/// A node, or something that holds nodes.
pub(super) struct Shape {
    /// Made of letters, digits and underscores; unique in the diagram.
    pub(super) id: String,
    /// The text in it, line by line.
    pub(super) label: Vec<String>,
    /// What it is, which decides its looks.
    pub(super) look: Look,
    /// The boxes in it; a box that holds none is a plain one.
    pub(super) inner: Vec<Shape>,
}

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Step,
    Workflow,
    Control,
    Wait,
    Arm,
    Finally,
}

/// An arrow between two boxes.
pub(super) struct Arrow {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: EdgeKind,
}

impl Diagram {
    pub(super) fn of(graph: Graph) -> Self {
        let mut arrows = Vec::new();
        let boxes = boxes(&graph.scope(), "n", &mut arrows);
        Self { boxes, arrows }
    }
}

impl Shape {
    /// The plain boxes in it, or itself.
    pub(super) fn leaves(&self) -> Vec<&Self> {
        if self.inner.is_empty() {
            vec![self]
        } else {
            self.inner.iter().flat_map(Self::leaves).collect()
        }
    }
}

fn boxes(scope: &Scope, prefix: &str, arrows: &mut Vec<Arrow>) -> Vec<Shape> {
    let id = |index: usize| format!("{prefix}{index}");
    let boxes = scope
        .nodes()
        .enumerate()
        .map(|(index, node)| node_box(&node, id(index), arrows))
        .collect();
    let links = links(scope.spec())
        .into_iter()
        .filter(|link| link.from < scope.spec().nodes.len());
    arrows.extend(links.map(|link| Arrow {
        from: id(link.from),
        to: id(link.to),
        kind: link.kind,
    }));
    boxes
}

fn node_box(node: &Node, id: String, arrows: &mut Vec<Arrow>) -> Shape {
    let mut inner = Vec::new();
    for (index, scope) in node.scopes().iter().enumerate() {
        let arm_id = format!("{id}_{index}");
        let nodes = boxes(scope, &format!("{arm_id}_"), arrows);
        if scope.label().is_empty() {
            inner.extend(nodes);
        } else {
            inner.push(Shape {
                id: arm_id,
                label: vec![scope.label().to_owned()],
                look: Look::Arm,
                inner: nodes,
            });
        }
    }
    let look = match node.kind() {
        _ if node.is_finally() => Look::Finally,
        "workflow" => Look::Workflow,
        "for" | "branch" => Look::Control,
        "signal" | "sleep" => Look::Wait,
        _ => Look::Step,
    };
    Shape {
        id,
        label: label(node),
        look,
        inner,
    }
}

/// The name, what it does unless the name says it, and what is unusual about when it runs.
fn label(node: &Node) -> Vec<String> {
    let mut label = vec![node.name().to_owned()];
    let summary = node.summary();
    if summary != node.name() {
        label.push(summary);
    }
    let marks = node.marks();
    if !marks.is_empty() {
        label.push(marks.join(", "));
    }
    label
}
