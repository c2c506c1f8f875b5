//! Shapes as data, for candidates that build their graphs at run time.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};

use crate::steps::{SEED, blend, blend3, mix, sum};

/// The inputs of a sum at most: what dagx allows.
pub const MOST_INPUTS: usize = 8;

/// What a node does.
#[derive(Debug, Clone)]
pub enum Node {
    /// `mix` of a value of its own.
    Source(u64),
    /// `mix`, `blend` or `blend3` of one, two or three nodes.
    Mix(Vec<usize>),
    /// `sum` of up to [`MOST_INPUTS`] nodes.
    Sum(Vec<usize>),
}

impl Node {
    /// The nodes it reads.
    #[must_use]
    pub fn inputs(&self) -> &[usize] {
        match self {
            Self::Source(_) => &[],
            Self::Mix(inputs) | Self::Sum(inputs) => inputs,
        }
    }

    /// Calls its step on the values of the nodes it reads.
    #[must_use]
    pub fn call(&self, values: &[u64]) -> BoxFuture<'static, u64> {
        match self {
            Self::Source(value) => mix(*value).boxed(),
            Self::Mix(inputs) => match inputs[..] {
                [a] => mix(values[a]).boxed(),
                [a, b] => blend(values[a], values[b]).boxed(),
                [a, b, c] => blend3(values[a], values[b], values[c]).boxed(),
                _ => panic!("no step mixes {} values", inputs.len()),
            },
            Self::Sum(inputs) => {
                let values: Vec<_> = inputs.iter().map(|&idx| values[idx]).collect();
                async move { sum(&values).await }.boxed()
            }
        }
    }
}

/// Nodes, each of which reads nodes before it; the last one is the result.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The nodes.
    pub nodes: Arc<[Node]>,
}

impl Graph {
    /// One node after the other.
    #[must_use]
    pub fn chain(length: usize) -> Self {
        let rest = (1..length).map(|n| Node::Mix(vec![n - 1]));
        Self {
            nodes: [Node::Source(SEED)].into_iter().chain(rest).collect(),
        }
    }

    /// Four nodes.
    #[must_use]
    pub fn diamond() -> Self {
        let rest = [vec![0], vec![0], vec![1, 2]].map(Node::Mix);
        Self {
            nodes: [Node::Source(SEED)].into_iter().chain(rest).collect(),
        }
    }

    /// Many nodes, and a tree of sums.
    #[must_use]
    pub fn fan(width: usize) -> Self {
        Self::summed(
            (0..width as u64).map(|n| Node::Source(SEED ^ n)).collect(),
            0,
        )
    }

    /// 20 layers of 50 nodes, each with three inputs, and a tree of sums over the last.
    #[must_use]
    pub fn layered() -> Self {
        let mut nodes: Vec<_> = (0..50).map(|n| Node::Source(SEED ^ n)).collect();
        for layer in 1..20 {
            let before = (layer - 1) * 50;
            nodes.extend((0..50).map(|n| {
                Node::Mix(
                    [n, (n + 1) % 50, (n + 7) % 50]
                        .map(|input| before + input)
                        .into(),
                )
            }));
        }
        Self::summed(nodes, 19 * 50)
    }

    /// Adds sums of sums until one is left.
    fn summed(mut nodes: Vec<Node>, mut from: usize) -> Self {
        while nodes.len() - from > 1 {
            let to = nodes.len();
            for start in (from..to).step_by(MOST_INPUTS) {
                nodes.push(Node::Sum((start..to.min(start + MOST_INPUTS)).collect()));
            }
            from = to;
        }
        Self {
            nodes: nodes.into(),
        }
    }

    /// Who reads each node.
    #[must_use]
    pub fn readers(&self) -> Arc<[Vec<usize>]> {
        let mut readers = vec![Vec::new(); self.nodes.len()];
        for (idx, node) in self.nodes.iter().enumerate() {
            for &input in node.inputs() {
                readers[input].push(idx);
            }
        }
        readers.into()
    }

    /// The result, computed without any of the candidates.
    #[must_use]
    pub fn expected(&self) -> u64 {
        let mut values = Vec::with_capacity(self.nodes.len());
        for node in &*self.nodes {
            let value = node.call(&values).now_or_never();
            values.push(value.unwrap_or_else(|| panic!("steps wait for nothing")));
        }
        values.last().copied().unwrap_or_default()
    }
}
