//! dagrs 0.9.0: a task and channels for each node. A graph is built once, and reset before each run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::dagrs::async_trait::async_trait;
use ::dagrs::{
    Action, Content, DefaultNode, EnvVar, Graph as Dag, InChannels, Node as _, NodeId, NodeTable,
    OutChannels, Output,
};
use tokio::sync::Mutex;

use crate::graph::{Graph, Node};
use crate::harness::Candidate;

/// The name of the candidate.
pub const DAGRS: &str = "dagrs 0.9.0, reset and run";

/// A node, the ids of the nodes it reads, and where the last node puts its value.
struct Step {
    node: Node,
    inputs: Vec<NodeId>,
    result: Arc<AtomicU64>,
}

#[async_trait]
impl Action for Step {
    async fn run(
        &self,
        received: &mut InChannels,
        sent: &mut OutChannels,
        _env: Arc<EnvVar>,
    ) -> Output {
        let mut values = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            match received.recv_from(input).await {
                Ok(content) => values.push(content.get::<u64>().copied().unwrap_or_default()),
                Err(error) => return Output::error(error),
            }
        }
        let value = self.node.call(&values).await;
        if sent.get_receiver_ids().is_empty() {
            self.result.store(value, Ordering::Release);
        } else {
            sent.broadcast(Content::new(value)).await;
        }
        Output::empty()
    }
}

/// Any graph.
#[must_use]
pub fn candidate(graph: &Graph) -> Candidate {
    let (dag, result) = build(graph);
    let dag = Arc::new(Mutex::new(dag));
    Candidate::new(DAGRS, move || {
        let (dag, result) = (Arc::clone(&dag), Arc::clone(&result));
        async move {
            let mut dag = dag.lock().await;
            let reset = dag.reset().await;
            reset.unwrap_or_else(|error| panic!("{error}"));
            let ran = dag.async_start().await;
            ran.unwrap_or_else(|error| panic!("{error}"));
            result.swap(0, Ordering::Acquire)
        }
    })
}

fn build(graph: &Graph) -> (Dag, Arc<AtomicU64>) {
    let mut table = NodeTable::new();
    let mut dag = Dag::new();
    let result = Arc::new(AtomicU64::new(0));
    let mut built: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    for (idx, node) in graph.nodes.iter().enumerate() {
        let step = Step {
            node: node.numbered_anew(),
            inputs: node.inputs().iter().map(|&input| built[input]).collect(),
            result: Arc::clone(&result),
        };
        let node = DefaultNode::with_action(format!("n{idx}"), step, &mut table);
        built.push(node.id());
        dag.add_node(node).unwrap_or_else(|error| panic!("{error}"));
    }
    for (idx, readers) in graph.readers().iter().enumerate() {
        let readers = readers.iter().map(|&reader| built[reader]);
        dag.add_edge(built[idx], readers)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    dag.set_env(EnvVar::new(table));
    (dag, result)
}
