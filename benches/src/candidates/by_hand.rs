//! tokio without a library, as one would write each shape.

use std::future::Future;
use std::pin::Pin;

use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::graph::Graph;
use crate::harness::Candidate;
use crate::steps::{SEED, blend, blend3, busy, mix, pause, sum};

/// The name of awaiting boxed futures one after the other.
pub const IN_TURN: &str = "boxed futures in turn";
/// The name of the longer of two arms, alone.
pub const LONG_ARM: &str = "the long arm alone";
/// The name of joining futures within one task.
pub const JOIN: &str = "`join!`";
/// The name of spawning a task for each node.
pub const SPAWN: &str = "spawn per node";
/// The name of driving a graph with counters of what is missing.
pub const UNORDERED: &str = "FuturesUnordered";

type Boxed = Pin<Box<dyn Future<Output = u64> + Send>>;

/// One node after the other.
#[must_use]
pub fn chain(length: usize) -> Vec<Candidate> {
    vec![
        Candidate::new(IN_TURN, move || async move {
            let mut value = SEED;
            for _ in 0..length {
                value = boxed(mix(value)).await;
            }
            value
        }),
        Candidate::new(SPAWN, move || async move {
            let mut value = SEED;
            for _ in 0..length {
                value = spawned(mix(value)).await;
            }
            value
        }),
    ]
}

/// Four nodes.
#[must_use]
pub fn diamond() -> Vec<Candidate> {
    vec![
        Candidate::new(IN_TURN, || async {
            let top = boxed(mix(SEED)).await;
            let left = boxed(mix(top)).await;
            let right = boxed(mix(top)).await;
            boxed(blend(left, right)).await
        }),
        Candidate::new(JOIN, || async {
            let top = mix(SEED).await;
            let (left, right) = tokio::join!(mix(top), mix(top));
            blend(left, right).await
        }),
        Candidate::new(SPAWN, || async {
            let top = spawned(mix(SEED)).await;
            let (left, right) = (spawned(mix(top)), spawned(mix(top)));
            let (left, right) = (left.await, right.await);
            spawned(blend(left, right)).await
        }),
    ]
}

/// Many nodes, and their sum.
#[must_use]
pub fn fan(width: usize) -> Vec<Candidate> {
    let items = move || (0..width as u64).map(|n| SEED ^ n);
    vec![
        Candidate::new(IN_TURN, move || async move {
            let mut values = Vec::with_capacity(width);
            for item in items() {
                values.push(boxed(mix(item)).await);
            }
            sum(&values).await
        }),
        Candidate::new(JOIN, move || async move {
            sum(&join_all(items().map(mix)).await).await
        }),
        Candidate::new(SPAWN, move || async move {
            let tasks: Vec<_> = items().map(|item| spawned(mix(item))).collect();
            sum(&in_order(tasks).await).await
        }),
    ]
}

/// 20 layers of 50 nodes, each with three inputs. What spawns waits for a whole layer, as one would write it.
#[must_use]
pub fn layered() -> Vec<Candidate> {
    vec![
        Candidate::new(IN_TURN, || async {
            let mut layer = Vec::with_capacity(50);
            for n in 0..50 {
                layer.push(boxed(mix(SEED ^ n)).await);
            }
            for _ in 1..20 {
                let mut next = Vec::with_capacity(50);
                for [a, b, c] in inputs(&layer) {
                    next.push(boxed(blend3(a, b, c)).await);
                }
                layer = next;
            }
            sum(&layer).await
        }),
        Candidate::new(JOIN, || async {
            let mut layer = join_all((0..50).map(|n| mix(SEED ^ n))).await;
            for _ in 1..20 {
                let next = inputs(&layer).map(|[a, b, c]| blend3(a, b, c));
                layer = join_all(next).await;
            }
            sum(&layer).await
        }),
        Candidate::new(SPAWN, || async {
            let tasks: Vec<_> = (0..50).map(|n| spawned(mix(SEED ^ n))).collect();
            let mut layer = in_order(tasks).await;
            for _ in 1..20 {
                let tasks: Vec<_> = inputs(&layer)
                    .map(|[a, b, c]| spawned(blend3(a, b, c)))
                    .collect();
                layer = in_order(tasks).await;
            }
            sum(&layer).await
        }),
    ]
}

/// The long arm alone, in turn; both arms, joined and spawned.
#[must_use]
pub fn unbalanced() -> Vec<Candidate> {
    async fn long(mut value: u64) -> u64 {
        for _ in 0..10 {
            value = pause(value, 2).await;
        }
        value
    }
    vec![
        Candidate::new(LONG_ARM, || async {
            let top = mix(SEED).await;
            let short = mix(top).await; // what the pause of the short arm gives
            blend(boxed(long(top)).await, short).await
        }),
        Candidate::new(JOIN, || async {
            let top = mix(SEED).await;
            let (long, short) = tokio::join!(long(top), pause(top, 15));
            blend(long, short).await
        }),
        Candidate::new(SPAWN, || async {
            let top = spawned(mix(SEED)).await;
            let short = spawned(pause(top, 15));
            let mut long = top;
            for _ in 0..10 {
                long = spawned(pause(long, 2)).await;
            }
            spawned(blend(long, short.await)).await
        }),
    ]
}

/// Steps that burn CPU: in turn, joined and spawned.
#[must_use]
pub fn burning(width: usize) -> Vec<Candidate> {
    let items = move || (0..width as u64).map(|n| SEED ^ n);
    vec![
        Candidate::new(IN_TURN, move || async move {
            let values: Vec<_> = items().map(busy).collect();
            sum(&values).await
        }),
        Candidate::new(JOIN, move || async move {
            let values = join_all(items().map(|item| async move { busy(item) })).await;
            sum(&values).await
        }),
        Candidate::new(SPAWN, move || async move {
            let tasks: Vec<_> = items()
                .map(|item| spawned(async move { busy(item) }))
                .collect();
            sum(&in_order(tasks).await).await
        }),
    ]
}

/// Any graph: a counter for each node of the inputs that it lacks, and a set of the futures that are under way.
#[must_use]
pub fn unordered(graph: &Graph) -> Candidate {
    let (graph, readers) = (graph.clone(), graph.readers());
    Candidate::new(UNORDERED, move || {
        let (graph, readers) = (graph.clone(), readers.clone());
        async move {
            let mut values = vec![0; graph.nodes.len()];
            let mut missing: Vec<_> = graph.nodes.iter().map(|node| node.inputs().len()).collect();
            let mut under_way = FuturesUnordered::new();
            for (idx, node) in graph.nodes.iter().enumerate() {
                if node.inputs().is_empty() {
                    under_way.push(numbered(idx, node.call(&values)));
                }
            }
            while let Some((idx, value)) = under_way.next().await {
                values[idx] = value;
                for &reader in &readers[idx] {
                    missing[reader] -= 1;
                    if missing[reader] == 0 {
                        under_way.push(numbered(reader, graph.nodes[reader].call(&values)));
                    }
                }
            }
            values[values.len() - 1]
        }
    })
}

/// The three inputs of each node of the next layer.
fn inputs(layer: &[u64]) -> impl Iterator<Item = [u64; 3]> {
    let width = layer.len();
    (0..width).map(move |n| [layer[n], layer[(n + 1) % width], layer[(n + 7) % width]])
}

fn boxed(step: impl Future<Output = u64> + Send + 'static) -> Boxed {
    Box::pin(step)
}

async fn numbered(idx: usize, step: impl Future<Output = u64>) -> (usize, u64) {
    (idx, step.await)
}

/// Spawns at once, and gives what waits for it.
pub fn spawned(
    step: impl Future<Output = u64> + Send + 'static,
) -> impl Future<Output = u64> + Send {
    let task = tokio::spawn(step);
    async move { task.await.unwrap_or_else(|error| panic!("{error}")) }
}

async fn in_order(tasks: Vec<impl Future<Output = u64>>) -> Vec<u64> {
    let mut values = Vec::with_capacity(tasks.len());
    for task in tasks {
        values.push(task.await);
    }
    values
}
