//! Nodes that are scheduled together, and the edges between them.

#[cfg(feature = "serde")]
use serde::Serialize;

use super::Node;
use super::shape;
use crate::plan::{NodeKind, NodeSpec, Rule, ScopeSpec};

/// Nodes that are scheduled together: a workflow's, a `for` body's or an arm's.
#[derive(Debug, Clone)]
pub struct Scope {
    spec: &'static ScopeSpec,
    /// The path of the node it is inside, with a slash; empty for a workflow's own scope.
    prefix: String,
    label: &'static str,
}

impl Scope {
    pub(super) fn root(spec: &'static ScopeSpec) -> Self {
        Self {
            spec,
            prefix: String::new(),
            label: "",
        }
    }

    pub(super) fn inside(node: &Node, spec: &'static ScopeSpec, label: &'static str) -> Self {
        Self {
            spec,
            prefix: format!("{}/", node.path()),
            label,
        }
    }

    /// The pattern or condition of the arm it is, as written; empty for any other scope.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// The nodes, in topological order; `finally` nodes stand where they were declared.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        let Self { spec, prefix, .. } = self.clone();
        (0..spec.nodes.len()).map(move |index| Node::new(spec, index, &prefix))
    }

    /// The node of this name, or of this path when it is inside another one.
    #[must_use]
    pub fn node(&self, path: &str) -> Option<Node> {
        let (name, rest) = match path.split_once('/') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        let node = self.nodes().find(|node| node.name() == name)?;
        match rest {
            None => Some(node),
            Some(rest) => node.scopes().iter().find_map(|scope| scope.node(rest)),
        }
    }

    /// The names of the nodes that the result reads.
    #[must_use]
    pub fn result(&self) -> Vec<&'static str> {
        names(self.spec, self.spec.result.iter().copied())
    }

    /// What holds between the nodes, in the order of the nodes they lead to.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge> {
        let name = |index: usize| self.spec.nodes.get(index).map(|node| node.name);
        links(self.spec)
            .into_iter()
            .filter_map(|link| {
                Some(Edge {
                    from: name(link.from)?,
                    to: name(link.to)?,
                    kind: link.kind,
                })
            })
            .collect()
    }

    /// The names of the nodes, each after all that it waits for; `finally` nodes come last.
    #[must_use]
    pub fn topological_order(&self) -> Vec<&'static str> {
        let (last, first): (Vec<&NodeSpec>, Vec<&NodeSpec>) =
            self.spec.nodes.iter().partition(|node| node.finally);
        first
            .into_iter()
            .chain(last)
            .map(|node| node.name)
            .collect()
    }

    /// The names of the nodes that wait for nothing.
    #[must_use]
    pub fn roots(&self) -> Vec<&'static str> {
        names(self.spec, shape::roots(self.spec))
    }

    /// The names of the nodes that no node waits for.
    #[must_use]
    pub fn leaves(&self) -> Vec<&'static str> {
        names(self.spec, shape::leaves(self.spec))
    }

    /// How many nodes the longest chain has; see [`Graph::depth`](super::Graph::depth).
    #[must_use]
    pub fn depth(&self) -> usize {
        shape::depth(self.spec)
    }

    /// The most nodes that can be under way at once; see [`Graph::width`](super::Graph::width).
    #[must_use]
    pub fn width(&self) -> usize {
        shape::width(self.spec)
    }

    pub(super) const fn spec(&self) -> &'static ScopeSpec {
        self.spec
    }
}

/// What holds between two nodes of one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Edge {
    /// The name of the node that goes first.
    pub from: &'static str,
    /// The name of the node that waits.
    pub to: &'static str,
    /// What it waits for.
    pub kind: EdgeKind,
}

/// What an edge carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum EdgeKind {
    /// A value; in the case of a branch, perhaps one that only the arm not taken names.
    Data,
    /// How the node ended, because the reader has a trigger rule or is a `finally` node.
    Outcome,
    /// Nothing: the reader only starts later.
    Order,
}

impl EdgeKind {
    /// The kind in a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Outcome => "outcome",
            Self::Order => "order",
        }
    }
}

/// An edge by the indices of its nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: EdgeKind,
}

/// The edges of a scope, one for each pair of nodes, by target and then source.
pub(super) fn links(scope: &ScopeSpec) -> Vec<Link> {
    scope
        .nodes
        .iter()
        .enumerate()
        .flat_map(|(to, node)| links_into(node, to))
        .collect()
}

/// The edges that lead into the node at index `to`; an index that it also reads is no order.
pub(super) fn links_into(node: &NodeSpec, to: usize) -> Vec<Link> {
    let read = if node.rule == Rule::AllSuccess && !node.finally {
        EdgeKind::Data
    } else {
        EdgeKind::Outcome
    };
    let reads = reads(node).map(|from| Link {
        from,
        to,
        kind: read,
    });
    let after = node.after.iter().map(|&from| Link {
        from,
        to,
        kind: EdgeKind::Order,
    });
    let mut links: Vec<Link> = reads.chain(after).collect();
    links.sort_unstable_by_key(|link| (link.from, link.kind));
    links.dedup_by_key(|link| link.from);
    links
}

/// The indices that a node names, in its arms too.
pub(super) fn reads(node: &NodeSpec) -> impl Iterator<Item = usize> {
    let arms = match node.kind {
        NodeKind::Branch { arms, .. } => arms,
        _ => &[],
    };
    node.reads
        .iter()
        .chain(arms.iter().flat_map(|arm| arm.reads))
        .copied()
}

/// The names of these nodes; an index that points nowhere has none.
pub(super) fn names(
    scope: &ScopeSpec,
    nodes: impl IntoIterator<Item = usize>,
) -> Vec<&'static str> {
    nodes
        .into_iter()
        .filter_map(|index| scope.nodes.get(index))
        .map(|node| node.name)
        .collect()
}
