//! The shapes, each with all who run it.

use crate::candidates::{by_hand, of_graphs, orch};
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
            whole: false,
            expected: Graph::fan(100_000).expected(),
            candidates: [orch::fan(100_000), by_hand::fan(100_000)]
                .into_iter()
                .flatten()
                .collect(),
        },
    ]
}

/// Shapes whose steps take milliseconds: a whole run is what counts.
#[must_use]
pub fn whole() -> Vec<Case> {
    let of = |name, graph, orch, by_hand| Case {
        whole: true,
        ..case(name, 1, graph, orch, by_hand)
    };
    vec![
        of(
            "unbalanced",
            Graph::unbalanced(),
            orch::unbalanced(),
            by_hand::unbalanced(),
        ),
        of(
            "2 × 20 ms of CPU",
            Graph::busy(2),
            orch::burning(2),
            by_hand::burning(2),
        ),
        of(
            "8 × 20 ms of CPU",
            Graph::busy(8),
            orch::burning(8),
            by_hand::burning(8),
        ),
    ]
}

/// Chains of 100, each under one policy alone.
#[must_use]
pub fn policies() -> Case {
    Case {
        name: "chain 100",
        nodes: 100,
        whole: false,
        expected: Graph::chain(100).expected(),
        candidates: orch::policies(),
    }
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
    candidates.extend(of_graphs(&graph));
    Case {
        name,
        nodes: u32::try_from(nodes).unwrap_or(u32::MAX),
        whole: false,
        expected,
        candidates,
    }
}
