//! Durable runs: what survives a crash, what is not done twice, and what operators can do.

mod abandoned;
mod artifacts;
mod attempts;
mod checkpoints;
mod doubts;
mod faults;
mod graphs;
mod inbox;
mod inside;
mod overlap;
mod pausing;
mod recovery;
mod retention;
mod schedules;
mod shapes;
mod steering;
mod streams;
mod stuck;
mod undoing;
mod values;
mod versions;
mod waits;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch::prelude::Workflow;
use orch::store::{Change, Memory, Store as _};
use orch::{Orchestrator, RunId, RunInfo, RunStatus};
use tokio::sync::Semaphore;

/// What steps did, outside of any run: it survives what the tests crash.
#[derive(Debug, Clone, Default)]
pub struct World {
    calls: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
    gates: Arc<Mutex<BTreeMap<String, Arc<Semaphore>>>>,
}

impl World {
    /// A step was called with this key.
    pub fn called(&self, what: &str, key: &str) {
        let mut calls = self.calls.lock().unwrap();
        calls
            .entry(what.to_owned())
            .or_default()
            .push(key.to_owned());
    }

    /// How often a step was called.
    pub fn calls(&self, what: &str) -> usize {
        self.calls.lock().unwrap().get(what).map_or(0, Vec::len)
    }

    /// The keys that a step was called with.
    pub fn keys(&self, what: &str) -> Vec<String> {
        self.calls
            .lock()
            .unwrap()
            .get(what)
            .cloned()
            .unwrap_or_default()
    }

    fn gate(&self, name: &str) -> Arc<Semaphore> {
        let mut gates = self.gates.lock().unwrap();
        let gate = gates
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(0)));
        Arc::clone(gate)
    }

    /// Waits until somebody opens the gate.
    pub async fn pass(&self, name: &str) {
        self.gate(name).acquire().await.unwrap().forget();
    }

    /// Lets so many pass the gate.
    pub fn open(&self, name: &str, count: usize) {
        self.gate(name).add_permits(count);
    }

    /// Waits until a step was called so often.
    pub async fn until(&self, what: &str, calls: usize) {
        for _ in 0..2_000 {
            if self.calls(what) >= calls {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!(
            "`{what}` was called {} times and not {calls}",
            self.calls(what)
        );
    }
}

/// A process that can be killed: a runtime of its own.
pub struct Process(Option<tokio::runtime::Runtime>);

impl Process {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        Self(Some(runtime.unwrap()))
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.as_ref().unwrap().block_on(async {
            let limit = Duration::from_secs(20);
            tokio::time::timeout(limit, future)
                .await
                .expect("it takes too long")
        })
    }

    /// Kills the process: nothing in it goes on.
    pub fn kill(mut self, store: &Memory) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
        store.crash();
    }
}

/// An orchestrator of this world without a store.
pub async fn in_memory(world: &World) -> Orchestrator {
    Orchestrator::builder()
        .resource(world.clone())
        .build()
        .await
        .unwrap()
}

/// An orchestrator of this world on this store.
pub fn orchestrator(world: &World, store: &Memory) -> orch::Builder {
    Orchestrator::builder()
        .store(store.clone())
        .resource(world.clone())
}

/// An orchestrator of this world on this store that drives the runs of one workflow.
pub async fn serving<W: Workflow>(world: &World, store: &Memory, workflow: W) -> Orchestrator {
    orchestrator(world, store)
        .workflow(workflow)
        .build()
        .await
        .unwrap()
}

/// Waits until a run stands so.
pub async fn stands(orch: &Orchestrator, id: &str, wanted: RunStatus) -> RunInfo {
    let runs = orch.runs().unwrap();
    for _ in 0..5_000 {
        let run = runs.get(id).await.unwrap();
        if run.status == wanted {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let run = runs.get(id).await.unwrap();
    panic!("the run is {run:?} and not {}", wanted.as_str());
}

/// Somebody cancels a run while no process is there.
pub fn cancel_meanwhile(store: &Memory, id: &str) {
    let cancel = Change::Signal {
        run: RunId::new(id),
        name: "@cancel".to_owned(),
        event: None,
        value: "\"not wanted\"".to_owned(),
        at: 0,
    };
    store.commit(&[cancel]).unwrap();
}
