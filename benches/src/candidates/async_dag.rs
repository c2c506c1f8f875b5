//! async_dag 0.1.2: all steps in one task. A graph runs once, so each run builds one.

use std::fmt::Debug;

use ::async_dag::{Graph as Dag, NodeIndex};
use futures::FutureExt;

use crate::graph::{Graph, Node};
use crate::harness::Candidate;
use crate::steps::{blend, blend3, busy, mix, pause, sum};

/// The name of the candidate.
pub const ASYNC_DAG: &str = "async_dag 0.1.2";

/// Any graph.
#[must_use]
pub fn candidate(graph: &Graph) -> Candidate {
    let graph = graph.clone();
    Candidate::local(
        ASYNC_DAG,
        move || build(&graph),
        |(dag, last)| {
            async move {
                dag.run().await;
                let value = dag.get_value(*last);
                value.unwrap_or_else(|| panic!("the last node has not run"))
            }
            .boxed_local()
        },
    )
}

fn build(graph: &Graph) -> (Dag<'static>, NodeIndex) {
    let mut dag = Dag::new();
    let mut built = Vec::with_capacity(graph.nodes.len());
    for node in &*graph.nodes {
        let new = match node {
            Node::Source(value) => {
                let value = *value;
                dag.add_task(move || mix(value))
            }
            Node::Busy(value) => {
                let value = *value;
                dag.add_task(move || async move { busy(value) })
            }
            Node::Pause(_, ms) => {
                let ms = *ms;
                dag.add_task(move |value| pause(value, ms))
            }
            Node::Mix(inputs) => match inputs.len() {
                1 => dag.add_task(mix),
                2 => dag.add_task(blend),
                3 => dag.add_task(blend3),
                more => panic!("no step mixes {more} values"),
            },
            Node::Sum(inputs) => match inputs.len() {
                2 => dag.add_task(sum2),
                4 => dag.add_task(sum4),
                8 => dag.add_task(sum8),
                more => panic!("no step adds up {more} values"),
            },
        };
        for (place, &input) in (0..).zip(node.inputs()) {
            added(dag.update_dependency(built[input], new, place));
        }
        built.push(new);
    }
    (dag, built[built.len() - 1])
}

async fn sum2(a: u64, b: u64) -> u64 {
    sum(&[a, b]).await
}

async fn sum4(a: u64, b: u64, c: u64, d: u64) -> u64 {
    sum(&[a, b, c, d]).await
}

#[expect(clippy::too_many_arguments, reason = "eight nodes are added up")]
async fn sum8(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64) -> u64 {
    sum(&[a, b, c, d, e, f, g, h]).await
}

fn added<T, E: Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error:?}"))
}
