//! dagx 0.3.1: layers with a barrier between them. A graph runs once, so each run builds one.

use ::dagx::{DagRunner, Task, TaskHandle, task};

use crate::graph::{Graph, Node};
use crate::harness::Candidate;
use crate::steps;

/// The name of the candidate.
pub const DAGX: &str = "dagx 0.3.1";

struct Source(u64);
struct Pause(u64);
struct Busy(u64);
struct Mix;
struct Blend;
struct Blend3;
struct Sum2;
struct Sum4;
struct Sum8;

#[task]
impl Source {
    async fn run(&self) -> u64 {
        steps::mix(self.0).await
    }
}

#[task]
impl Pause {
    async fn run(&self, a: &u64) -> u64 {
        steps::pause(*a, self.0).await
    }
}

#[task]
impl Busy {
    async fn run(&self) -> u64 {
        steps::busy(self.0)
    }
}

#[task]
impl Mix {
    async fn run(a: &u64) -> u64 {
        steps::mix(*a).await
    }
}

#[task]
impl Blend {
    async fn run(a: &u64, b: &u64) -> u64 {
        steps::blend(*a, *b).await
    }
}

#[task]
impl Blend3 {
    async fn run(a: &u64, b: &u64, c: &u64) -> u64 {
        steps::blend3(*a, *b, *c).await
    }
}

#[task]
impl Sum2 {
    async fn run(a: &u64, b: &u64) -> u64 {
        steps::sum(&[*a, *b]).await
    }
}

#[task]
impl Sum4 {
    async fn run(a: &u64, b: &u64, c: &u64, d: &u64) -> u64 {
        steps::sum(&[*a, *b, *c, *d]).await
    }
}

#[task]
impl Sum8 {
    #[expect(clippy::too_many_arguments, reason = "eight nodes are added up")]
    async fn run(a: &u64, b: &u64, c: &u64, d: &u64, e: &u64, f: &u64, g: &u64, h: &u64) -> u64 {
        steps::sum(&[*a, *b, *c, *d, *e, *f, *g, *h]).await
    }
}

/// Any graph.
#[must_use]
pub fn candidate(graph: &Graph) -> Candidate {
    let graph = graph.clone();
    Candidate::built(
        DAGX,
        move || build(&graph),
        |(runner, last)| async move {
            let ran = runner.run(|node| drop(tokio::spawn(node))).await;
            let value = ran.and_then(|()| runner.get(last));
            value.unwrap_or_else(|error| panic!("{error}"))
        },
    )
}

fn build(graph: &Graph) -> (DagRunner, TaskHandle<u64>) {
    let runner = DagRunner::new();
    let mut built: Vec<TaskHandle<u64>> = Vec::with_capacity(graph.nodes.len());
    for node in &*graph.nodes {
        let handle = match node {
            Node::Source(value) => runner.add_task(Source(*value)).into(),
            Node::Busy(value) => runner.add_task(Busy(*value)).into(),
            Node::Pause([a], ms) => runner.add_task(Pause(*ms)).depends_on(built[*a]),
            Node::Mix(inputs) => match inputs[..] {
                [a] => runner.add_task(Mix).depends_on(built[a]),
                [a, b] => runner.add_task(Blend).depends_on((&built[a], &built[b])),
                [a, b, c] => {
                    let inputs = (&built[a], &built[b], &built[c]);
                    runner.add_task(Blend3).depends_on(inputs)
                }
                _ => panic!("no step mixes {} values", inputs.len()),
            },
            Node::Sum(inputs) => match inputs[..] {
                [a, b] => runner.add_task(Sum2).depends_on((&built[a], &built[b])),
                [a, b, c, d] => {
                    let inputs = (&built[a], &built[b], &built[c], &built[d]);
                    runner.add_task(Sum4).depends_on(inputs)
                }
                [a, b, c, d, e, f, g, h] => runner.add_task(Sum8).depends_on((
                    &built[a], &built[b], &built[c], &built[d], &built[e], &built[f], &built[g],
                    &built[h],
                )),
                _ => panic!("no step adds up {} values", inputs.len()),
            },
        };
        built.push(handle);
    }
    (runner, built[built.len() - 1])
}
