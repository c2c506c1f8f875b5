//! The shapes, each with all who run it.

use crate::candidates::{by_hand, orch};
use crate::graph::Graph;
use crate::harness::{Candidate, Case};

/// All shapes of trivial steps.
#[must_use]
pub fn trivial() -> Vec<Case> {
    vec![
        case(
            "diamond",
            4,
            Graph::diamond(),
            orch::diamond(),
            by_hand::diamond(),
        ),
        chain("chain 10", 10),
        chain("chain 100", 100),
        chain("chain 1000", 1000),
        fan("fan 10", 10),
        fan("fan 100", 100),
        fan("fan 1000", 1000),
        fan("fan 10,000", 10_000),
        case(
            "layered 20×50",
            1000,
            Graph::layered(),
            orch::layered(),
            by_hand::layered(),
        ),
        Case {
            name: "fan 100,000",
            nodes: 100_000,
            expected: Graph::fan(100_000).expected(),
            candidates: [orch::fan(100_000), by_hand::fan(100_000)]
                .into_iter()
                .flatten()
                .collect(),
        },
    ]
}

fn chain(name: &'static str, length: usize) -> Case {
    case(
        name,
        length,
        Graph::chain(length),
        orch::chain(length),
        by_hand::chain(length),
    )
}

fn fan(name: &'static str, width: usize) -> Case {
    case(
        name,
        width,
        Graph::fan(width),
        orch::fan(width),
        by_hand::fan(width),
    )
}

fn case(
    name: &'static str,
    nodes: usize,
    graph: Graph,
    mut candidates: Vec<Candidate>,
    by_hand: Vec<Candidate>,
) -> Case {
    let expected = graph.expected();
    candidates.extend(by_hand);
    candidates.push(by_hand::unordered(graph));
    Case {
        name,
        nodes: u32::try_from(nodes).unwrap_or(u32::MAX),
        expected,
        candidates,
    }
}
