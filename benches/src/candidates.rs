//! Who runs the shapes: a file each, the same functions in each.

use crate::graph::Graph;
use crate::harness::Candidate;

pub mod async_dag;
pub mod by_hand;
pub mod dagrs;
pub mod dagx;
pub mod operese;
pub mod orch;

/// All whose graphs are built at run time.
#[must_use]
pub fn of_graphs(graph: &Graph) -> Vec<Candidate> {
    vec![
        by_hand::unordered(graph),
        async_dag::candidate(graph),
        operese::candidate(graph),
        dagx::candidate(graph),
        dagrs::candidate(graph),
    ]
}
