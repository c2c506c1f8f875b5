//! Shapes as data, for candidates that build their graphs at run time.

use std::sync::Arc;

use futures::future::{self, BoxFuture, FutureExt};

use crate::steps::{SEED, blend, blend3, busy, mix, pause, sum};

/// What a node does.
#[derive(Debug, Clone)]
pub enum Node {
    /// `mix` of a value of its own.
    Source(u64),
    /// `mix`, `blend` or `blend3` of one, two or three nodes.
    Mix(Vec<usize>),
    /// `pause` for so many milliseconds after a node.
    Pause([usize; 1], u64),
    /// `busy` with a value of its own.
    Busy(u64),
    /// `sum` of eight, four or two nodes: dagx allows eight inputs.
    Sum(Vec<usize>),
}

impl Node {
    /// The nodes it reads.
    #[must_use]
    pub fn inputs(&self) -> &[usize] {
        match self {
            Self::Source(_) | Self::Busy(_) => &[],
            Self::Pause(inputs, _) => inputs,
            Self::Mix(inputs) | Self::Sum(inputs) => inputs,
        }
    }

    /// The same node for one who holds nothing but the values of its inputs.
    #[must_use]
    pub fn numbered_anew(&self) -> Self {
        let own = |inputs: &[usize]| (0..inputs.len()).collect();
        match self {
            Self::Source(value) => Self::Source(*value),
            Self::Busy(value) => Self::Busy(*value),
            Self::Pause(_, ms) => Self::Pause([0], *ms),
            Self::Mix(inputs) => Self::Mix(own(inputs)),
            Self::Sum(inputs) => Self::Sum(own(inputs)),
        }
    }

    /// Calls its step on the values of the nodes it reads.
    #[must_use]
    pub fn call(&self, values: &[u64]) -> BoxFuture<'static, u64> {
        match self {
            Self::Source(value) => mix(*value).boxed(),
            Self::Busy(value) => future::ready(*value).map(busy).boxed(),
            Self::Pause([input], ms) => pause(values[*input], *ms).boxed(),
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

    /// A long arm of ten short waits beside a short arm of one long wait, which a barrier would wait for.
    #[must_use]
    pub fn unbalanced() -> Self {
        let mut nodes = vec![Node::Source(SEED)];
        nodes.extend((0..10).map(|n| Node::Pause([n], 2)));
        nodes.push(Node::Pause([0], 15));
        nodes.push(Node::Mix(vec![10, 11]));
        Self {
            nodes: nodes.into(),
        }
    }

    /// Steps that each keep a core busy, and their sum.
    #[must_use]
    pub fn busy(width: usize) -> Self {
        Self::summed((0..width as u64).map(|n| Node::Busy(SEED ^ n)).collect(), 0)
    }

    /// Adds sums of sums until one is left: of eight, of four or of two, since peers want a type for each number.
    fn summed(mut nodes: Vec<Node>, from: usize) -> Self {
        let mut level: Vec<_> = (from..nodes.len()).collect();
        while level.len() > 1 {
            let mut sums = Vec::new();
            let mut rest = &level[..];
            while !rest.is_empty() {
                let takes = [8, 4, 2, 1].into_iter().find(|&takes| takes <= rest.len());
                let (taken, left) = rest.split_at(takes.unwrap_or(1));
                rest = left;
                if let [alone] = taken {
                    sums.push(*alone);
                    continue;
                }
                sums.push(nodes.len());
                nodes.push(Node::Sum(taken.to_vec()));
            }
            level = sums;
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

    /// The result, computed without any of the candidates and without waiting.
    #[must_use]
    pub fn expected(&self) -> u64 {
        let mut values = Vec::with_capacity(self.nodes.len());
        for node in &*self.nodes {
            let value = match node {
                Node::Pause([input], _) => mix(values[*input]).now_or_never(),
                node => node.call(&values).now_or_never(),
            };
            values.push(value.unwrap_or_else(|| panic!("these steps wait for nothing")));
        }
        values.last().copied().unwrap_or_default()
    }
}
