//! Graphs that change while runs are under way, and values that do not fit.

use std::time::Duration;

use orch::RunStatus;
use orch::prelude::*;
use orch::store::Memory;

use super::{Process, World, orchestrator, serving, stands};

#[step]
async fn work(n: u32, #[resource] world: &World) -> u32 {
    world.called("work", "");
    n + 1
}

#[step]
async fn gated(n: u32, #[resource] world: &World) -> u32 {
    world.called("gated", "");
    world.pass("gate").await;
    n + 1
}

mod old {
    use super::*;
    workflow! {
        #[workflow(version = "1", durable)]
        pub Job(n: u32) -> u32 { a = work(n); gated(a) }
    }
}

mod changed {
    use super::*;
    workflow! {
        #[workflow(version = "1", durable)]
        pub Job(n: u32) -> u32 { a = work(n); b = work(a); gated(b) }
    }
}

mod new {
    use super::*;
    workflow! {
        #[workflow(version = "2", durable)]
        pub Job(n: u32) -> u32 { a = work(n); b = work(a); gated(b) }
    }
}

mod compatible {
    use super::*;
    workflow! {
        #[workflow(version = "2", durable, compatible_with = ["1"])]
        pub Job(n: u32) -> u32 { a = work(n); b = work(a); gated(b) }
    }
}

/// A run of the old version, under way when its process was killed.
fn left(world: &World) -> Memory {
    let store = Memory::new();
    let before = Process::new();
    before.run(async {
        let orch = orchestrator(world, &store)
            .workflow(old::Job)
            .build()
            .await
            .unwrap();
        orch.start(old::Job, 1).id("r").await.unwrap();
        world.until("gated", 1).await;
    });
    before.kill(&store);
    store
}

#[test]
fn a_graph_that_changed_under_its_version_is_refused_with_the_difference() {
    let world = World::default();
    let store = left(&world);
    Process::new().run(async {
        let error = orchestrator(&world, &store)
            .workflow(changed::Job)
            .build()
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("the graph of workflow `Job` has changed under the version `1`"),
            "{text}"
        );
        assert!(text.contains("+  node 1:b call all_success"), "{text}");
    });
}

#[test]
fn a_run_of_another_version_is_parked_and_goes_on_under_its_own() {
    let world = World::default();
    let store = left(&world);
    Process::new().run(async {
        let orch = orchestrator(&world, &store)
            .workflow(new::Job)
            .build()
            .await
            .unwrap();
        let run = stands(&orch, "r", RunStatus::Parked).await;
        assert!(
            run.reason
                .unwrap()
                .contains("it was started under version `1` of `Job`")
        );
        orch.shutdown(Duration::from_secs(1)).await;
    });
    world.open("gate", 9);
    Process::new().run(async {
        let orch = orchestrator(&world, &store)
            .workflow(old::Job)
            .build()
            .await
            .unwrap();
        orch.runs().unwrap().resume("r").await.unwrap();
        assert_eq!(
            orch.start(old::Job, 1)
                .id("r")
                .await
                .unwrap()
                .result()
                .await
                .unwrap(),
            3
        );
    });
    assert_eq!(world.calls("work"), 1);
}

#[test]
fn a_run_goes_on_under_a_version_that_says_so() {
    let world = World::default();
    let store = left(&world);
    world.open("gate", 9);
    Process::new().run(async {
        let orch = orchestrator(&world, &store)
            .workflow(compatible::Job)
            .build()
            .await
            .unwrap();
        assert_eq!(
            orch.start(compatible::Job, 1)
                .id("r")
                .await
                .unwrap()
                .result()
                .await
                .unwrap(),
            4
        );
    });
}

#[step]
fn large(bytes: usize) -> String {
    "x".repeat(bytes)
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Large(bytes: usize) -> usize { text = large(bytes); text.len() }
}

#[test]
fn a_value_that_is_too_large_points_to_artifacts() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Large).await;
        let error = orch
            .start(Large, 300 * 1024)
            .await
            .unwrap()
            .result()
            .await
            .unwrap_err();
        assert_eq!(error.failures()[0].code(), "too_large");
        assert!(
            error
                .to_string()
                .contains("give an `Artifact` in its place"),
            "{error}"
        );
        let small = orch.start(Large, 200 * 1024).await.unwrap();
        assert_eq!(small.result().await.unwrap(), 200 * 1024);
        let builder = orchestrator(&world, &Memory::new()).workflow(Large);
        let orch = builder.value_limit(1 << 20).build().await.unwrap();
        assert!(
            orch.start(Large, 300 * 1024)
                .await
                .unwrap()
                .result()
                .await
                .is_ok()
        );
    });
}
