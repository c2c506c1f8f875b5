//! Measures of a scope: where it starts and ends, how long and how wide it is.
//!
//! Nodes are in topological order, so that one pass is enough for all but the width.
//! `finally` nodes take no part; an edge that points forward or nowhere is ignored here,
//! because [`validate`](super::validate) reports it.

use super::scope::links;
use crate::plan::ScopeSpec;

/// For each node the nodes it waits for, without those that are `finally`.
pub(super) fn before(scope: &ScopeSpec) -> Vec<Vec<usize>> {
    let mut before = vec![Vec::new(); scope.nodes.len()];
    for link in links(scope).into_iter().filter(|link| link.from < link.to) {
        if !scope.nodes[link.from].finally {
            before[link.to].push(link.from);
        }
    }
    before
}

/// The nodes that wait for nothing.
pub(super) fn roots(scope: &ScopeSpec) -> Vec<usize> {
    let before = before(scope);
    ordinary(scope)
        .filter(|&node| before[node].is_empty())
        .collect()
}

/// The nodes that nothing but `finally` nodes waits for.
pub(super) fn leaves(scope: &ScopeSpec) -> Vec<usize> {
    let before = before(scope);
    let mut read = vec![false; before.len()];
    for node in ordinary(scope) {
        for &from in &before[node] {
            read[from] = true;
        }
    }
    ordinary(scope).filter(|&node| !read[node]).collect()
}

/// For each node how many nodes the longest chain up to it has, itself included.
///
/// `finally` nodes stand on a level below all others.
pub(super) fn levels(scope: &ScopeSpec) -> Vec<usize> {
    let mut levels: Vec<usize> = Vec::with_capacity(scope.nodes.len());
    for before in before(scope) {
        let above = before
            .into_iter()
            .map(|from| levels[from])
            .max()
            .unwrap_or(0);
        levels.push(above + 1);
    }
    let last = ordinary(scope).map(|node| levels[node]).max().unwrap_or(0);
    for (level, node) in levels.iter_mut().zip(scope.nodes) {
        if node.finally {
            *level = last + 1;
        }
    }
    levels
}

/// How many nodes the longest chain has.
pub(super) fn depth(scope: &ScopeSpec) -> usize {
    let levels = levels(scope);
    ordinary(scope).map(|node| levels[node]).max().unwrap_or(0)
}

/// The size of the largest set of nodes of which none waits for another.
///
/// By Dilworth's theorem that is the least number of chains that cover all nodes:
/// the number of nodes without the largest matching of each node with one that comes after it
/// (Fulkerson 1956). Augmenting paths are found breadth first over rows of bits,
/// which takes about `n³ / 64` steps: some milliseconds for a thousand nodes.
pub(super) fn width(scope: &ScopeSpec) -> usize {
    let before = reachable(scope);
    let mut matching = Matching {
        next: vec![None; before.len()],
        previous: vec![None; before.len()],
    };
    let matched = ordinary(scope)
        .filter(|&node| matching.augment(node, &before))
        .count();
    ordinary(scope).count() - matched
}

fn ordinary(scope: &ScopeSpec) -> impl Iterator<Item = usize> {
    scope
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| !node.finally)
        .map(|(index, _)| index)
}

/// For each node the set of all nodes that it waits for, also through others.
fn reachable(scope: &ScopeSpec) -> Vec<Bits> {
    let mut sets: Vec<Bits> = Vec::with_capacity(scope.nodes.len());
    for before in before(scope) {
        let mut set = Bits::empty(scope.nodes.len());
        for from in before {
            set.insert(from);
            set.extend(&sets[from]);
        }
        sets.push(set);
    }
    sets
}

/// Chains of nodes, grown one link at a time.
struct Matching {
    /// The node that follows each one in its chain.
    next: Vec<Option<usize>>,
    /// The node that each one follows in its chain.
    previous: Vec<Option<usize>>,
}

impl Matching {
    /// Gives `node` a predecessor in its chain, moving others to other predecessors if need be.
    fn augment(&mut self, node: usize, before: &[Bits]) -> bool {
        let mut open = Bits::full(before.len());
        // Who wanted each predecessor, to walk the path back.
        let mut wanted_by = vec![node; before.len()];
        let mut queue = std::collections::VecDeque::from([node]);
        while let Some(seeker) = queue.pop_front() {
            for candidate in open.take_common(&before[seeker]) {
                wanted_by[candidate] = seeker;
                let Some(holder) = self.next[candidate] else {
                    self.rematch(candidate, &wanted_by);
                    return true;
                };
                queue.push_back(holder);
            }
        }
        false
    }

    /// Hands each predecessor on the path to whoever wanted it, from the free one back.
    fn rematch(&mut self, free: usize, wanted_by: &[usize]) {
        let mut given = Some(free);
        while let Some(predecessor) = given {
            let seeker = wanted_by[predecessor];
            self.next[predecessor] = Some(seeker);
            given = self.previous[seeker].replace(predecessor);
        }
    }
}

/// A set of small numbers.
#[derive(Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn empty(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    fn full(size: usize) -> Self {
        Self(vec![u64::MAX; size.div_ceil(64)])
    }

    fn insert(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    fn extend(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// Removes what is in both, and returns it.
    fn take_common(&mut self, other: &Self) -> Vec<usize> {
        let mut common = Vec::new();
        for (index, (word, other)) in self.0.iter_mut().zip(&other.0).enumerate() {
            let mut both = *word & other;
            *word &= !both;
            while both != 0 {
                common.push(index * 64 + both.trailing_zeros() as usize);
                both &= both - 1;
            }
        }
        common
    }
}
