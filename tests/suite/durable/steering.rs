//! What operators see and do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use orch::prelude::*;
use orch::store::{Change, Entry, EntryKind, Filter, Memory, NewRun, Store as _};
use orch::{RunId, RunStatus, StartError};

use super::{Process, World, orchestrator, serving, stands};

#[step]
async fn work(name: &str, n: u32, #[resource] world: &World) -> u32 {
    world.called(name, &n.to_string());
    world.pass(name).await;
    n + 1
}

#[derive(Debug, Clone, Default)]
pub struct Broken(Arc<AtomicBool>);

#[step]
async fn brittle(
    name: &str,
    n: u32,
    #[resource] world: &World,
    #[resource] broken: &Broken,
) -> Result<u32, std::io::Error> {
    world.called(name, &n.to_string());
    if broken.0.load(Ordering::SeqCst) && n % 3 == 1 {
        return Err(std::io::Error::other(format!("{n} is broken")));
    }
    Ok(n * 2)
}

#[step]
fn numbers(count: u32) -> Vec<u32> {
    (0..count).collect()
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Two(n: u32) -> u32 {
        a = work("a", n);
        b = work("b", a);
        b
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Items(count: u32) -> Result<u32, std::io::Error> {
        all = numbers(count);
        done = for n in &all { brittle("item", *n) };
        done.iter().sum::<u32>()
    }
}

#[test]
fn a_paused_run_finishes_what_it_has_begun_and_goes_on_when_resumed() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Two).await;
        let run = orch.start(Two, 1).id("r").await.unwrap();
        let runs = orch.runs().unwrap();
        world.until("a", 1).await;
        runs.pause("r", "lunch").await.unwrap();
        world.open("a", 1);
        world.open("b", 1);
        stands(&orch, "r", RunStatus::Paused).await;
        assert_eq!(
            runs.get("r").await.unwrap().reason.as_deref(),
            Some("lunch")
        );
        assert_eq!(world.calls("b"), 0);
        runs.resume("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), 3);
        assert_eq!(world.calls("a"), 1);
    });
}

#[test]
fn a_run_that_is_resumed_before_it_has_paused_goes_on() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Two).await;
        let run = orch.start(Two, 1).id("r").await.unwrap();
        let runs = orch.runs().unwrap();
        world.until("a", 1).await;
        runs.pause("r", "lunch").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        runs.resume("r").await.unwrap();
        world.open("a", 1);
        world.open("b", 1);
        assert_eq!(run.result().await.unwrap(), 3);
    });
}

#[test]
fn a_run_can_be_cancelled_wherever_it_is() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Two).await;
        let run = orch.start(Two, 1).id("r").await.unwrap();
        world.until("a", 1).await;
        orch.runs()
            .unwrap()
            .cancel("r", "changed my mind")
            .await
            .unwrap();
        let error = run.result().await.unwrap_err();
        assert!(
            error.is_cancelled() && error.to_string().contains("changed my mind"),
            "{error}"
        );
        let error = orch.runs().unwrap().cancel("r", "again").await.unwrap_err();
        assert_eq!(error.to_string(), "run r has ended: it is cancelled");
        let error = orch.runs().unwrap().get("nobody").await.unwrap_err();
        assert_eq!(error.to_string(), "there is no run nobody");
    });
}

#[test]
fn only_failed_items_are_retried() {
    let (world, store, broken) = (World::default(), Memory::new(), Broken::default());
    broken.0.store(true, Ordering::SeqCst);
    Process::new().run(async {
        let builder = orchestrator(&world, &store).resource(broken.clone());
        let orch = builder.workflow(Items).build().await.unwrap();
        let run = orch.start(Items, 9).id("r").await.unwrap();
        assert!(run.result().await.is_err());
        let dead = orch.runs().unwrap().dead(Filter::default()).await.unwrap();
        assert_eq!(dead.len(), 1);
        let before = world.calls("item");
        broken.0.store(false, Ordering::SeqCst);
        assert_eq!(
            orch.runs()
                .unwrap()
                .retry_dead(Filter::default())
                .await
                .unwrap(),
            1
        );
        let run = orch.start(Items, 9).id("r").await.unwrap();
        assert_eq!(
            run.result().await.unwrap(),
            (0..9).map(|n| n * 2).sum::<u32>()
        );
        let failed = before
            - world.keys("item")[..before]
                .iter()
                .filter(|n| n.parse::<u32>().unwrap() % 3 != 1)
                .count();
        assert_eq!(
            world.calls("item") - before,
            9 - (before - failed),
            "only what had not succeeded"
        );
        assert!(
            orch.runs()
                .unwrap()
                .dead(Filter::default())
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn a_run_is_done_again_from_a_node() {
    let (world, store) = (World::default(), Memory::new());
    world.open("a", 9);
    world.open("b", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Two).await;
        orch.start(Two, 1)
            .id("r")
            .await
            .unwrap()
            .result()
            .await
            .unwrap();
        let runs = orch.runs().unwrap();
        runs.retry_from("r", "b").await.unwrap();
        assert_eq!(
            orch.start(Two, 1)
                .id("r")
                .await
                .unwrap()
                .result()
                .await
                .unwrap(),
            3
        );
        assert_eq!((world.calls("a"), world.calls("b")), (1, 2));
        let error = runs.retry_from("r", "z").await.unwrap_err();
        assert_eq!(error.to_string(), "node `z` is not a node of this workflow");

        let forked = runs
            .fork("r", "r2", Some(&serde_json::json!(10)))
            .await
            .unwrap();
        assert_eq!(forked.input, 10);
        stands(&orch, "r2", RunStatus::Completed).await;
        assert_eq!(runs.get("r2").await.unwrap().output, Some(12.into()));
        let error = runs
            .fork("r", "r3", Some(&serde_json::json!("ten")))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("invalid type"), "{error}");

        runs.delete("r2").await.unwrap();
        assert!(runs.get("r2").await.is_err());
    });
}

#[test]
fn the_eleventh_run_is_queued_and_survives() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let builder = orchestrator(&world, &store)
            .workflow(Two)
            .max_active_runs(10);
        let orch = builder.build().await.unwrap();
        for n in 0..11 {
            orch.start(Two, n).id(format!("r{n}")).await.unwrap();
        }
        world.until("a", 10).await;
        stands(&orch, "r10", RunStatus::Queued).await;
        assert_eq!(world.calls("a"), 10);
    });
    before.kill(&store);
    world.open("a", 99);
    world.open("b", 99);
    Process::new().run(async {
        let builder = orchestrator(&world, &store)
            .workflow(Two)
            .max_active_runs(10);
        let orch = builder.build().await.unwrap();
        for n in 0..11 {
            assert_eq!(
                orch.start(Two, n)
                    .id(format!("r{n}"))
                    .await
                    .unwrap()
                    .result()
                    .await
                    .unwrap(),
                n + 2
            );
        }
    });
}

#[test]
fn who_drives_nothing_starts_and_steers_what_others_drive() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let builder = Orchestrator::builder().store(store.clone()).workflow(Two);
        let desk = builder.max_active_runs(0).build().await.unwrap();
        for id in ["r", "s"] {
            desk.start(Two, 1).id(id).await.unwrap();
        }
        desk.runs().unwrap().cancel("s", "a mistake").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        stands(&desk, "r", RunStatus::Queued).await;

        let orch = orchestrator(&world, &store).workflow(Two);
        let orch = orch.build().await.unwrap();
        world.open("a", 1);
        world.open("b", 1);
        stands(&desk, "r", RunStatus::Completed).await;
        stands(&desk, "s", RunStatus::Cancelled).await;
        assert_eq!(desk.shutdown(Duration::ZERO).await, 0);
        drop(orch);
    });
    assert_eq!((world.calls("a"), world.calls("b")), (1, 1));
}

#[test]
fn shutting_down_lets_steps_finish_and_loses_nothing() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Two).await;
        let run = orch.start(Two, 1).id("r").await.unwrap();
        world.until("a", 1).await;
        let stopping = tokio::spawn({
            let orch = orch.clone();
            async move { orch.shutdown(Duration::from_secs(5)).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        world.open("a", 1);
        assert_eq!(stopping.await.unwrap(), 0);
        let error = run.result().await.unwrap_err();
        assert_eq!(error.code(), "interrupted");
        let error = orch.start(Two, 1).await.unwrap_err();
        assert_eq!(error, StartError::ShuttingDown);
    });
    world.open("b", 1);
    Process::new().run(async {
        let orch = serving(&world, &store, Two).await;
        assert_eq!(
            orch.start(Two, 1)
                .id("r")
                .await
                .unwrap()
                .result()
                .await
                .unwrap(),
            3
        );
    });
    assert_eq!(
        (world.calls("a"), world.calls("b")),
        (1, 1),
        "nothing is done twice"
    );
}

#[test]
fn shutting_down_does_not_wait_forever() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Two).await;
        orch.start(Two, 1).id("r").await.unwrap();
        world.until("a", 1).await;
        assert_eq!(orch.shutdown(Duration::from_millis(20)).await, 1);
    });
    world.open("a", 1);
    world.open("b", 1);
    Process::new().run(async {
        let orch = serving(&world, &store, Two).await;
        assert_eq!(
            orch.start(Two, 1)
                .id("r")
                .await
                .unwrap()
                .result()
                .await
                .unwrap(),
            3
        );
    });
}

#[test]
fn what_a_durable_workflow_lacks_is_said() {
    let world = World::default();
    Process::new().run(async {
        let orch = Orchestrator::builder()
            .resource(world.clone())
            .workflow(Two)
            .build()
            .await
            .unwrap();
        let error = orch.start(Two, 1).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "workflow `Two` is durable: give the orchestrator a store with `.store(…)`"
        );
        let orch = orchestrator(&world, &Memory::new()).build().await.unwrap();
        let error = orch.start(Two, 1).id("").await.unwrap_err();
        assert_eq!(error.code(), "empty_id");
        let error = orch.start(Two, 1).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("register it with `.workflow(Two)`"),
            "{error}"
        );
    });
}

#[test]
fn results_come_from_another_process_too() {
    const RUNS: usize = 300;
    let world = World::default();
    let folder = tempfile::tempdir().unwrap();
    Process::new().run(async {
        let path = folder.path().join("runs.db");
        let open = async || {
            let store = orch::store::Sqlite::open(&path).await.unwrap();
            let builder = Orchestrator::builder().store(store).resource(world.clone());
            builder.workflow(Two).build().await.unwrap()
        };
        let (first, second) = (open().await, open().await);
        let (mut driven, mut waited_for) = (Vec::new(), Vec::new());
        for run in 0..RUNS {
            let id = format!("r{run}");
            driven.push(first.start(Two, 1).id(&id).await.unwrap());
            waited_for.push(second.start(Two, 1).id(&id).await.unwrap());
        }
        world.until("a", RUNS).await;
        world.open("a", RUNS);
        world.open("b", RUNS);
        // Nobody looks for an end in the meantime: whoever is not told never returns.
        for run in waited_for {
            assert_eq!(run.result().await.unwrap(), 3);
        }
        let calls = (world.calls("a"), world.calls("b"));
        assert_eq!(calls, (RUNS, RUNS));
    });
}

#[step]
async fn slow(#[resource] world: &World) -> u32 {
    world.called("slow", "");
    if world.calls("slow") == 1 {
        world.pass("never").await;
    }
    // Half of its deadline.
    tokio::time::sleep(Duration::from_secs(30 * 60)).await;
    1
}

workflow! {
    #[workflow(version = "1", durable, deadline = "1h")]
    pub Hour() -> u32 {
        slow()
    }
}

/// A run of `Hour` whose deadline passed before anybody took it up.
fn overdue(id: &str, entries: Vec<Entry>) -> Change {
    Change::Start(Box::new(NewRun {
        id: RunId::new(id),
        workflow: "Hour".to_owned(),
        version: "1".to_owned(),
        fingerprint: Hour::GRAPH.fingerprint().to_string(),
        input: "null".to_owned(),
        correlation_id: None,
        parent: None,
        priority: 0,
        at: 0,
        deadline: Some(1),
        owner: None,
        entries,
        at_most: None,
        artifacts: Vec::new(),
        artifacts_of: None,
    }))
}

#[test]
fn a_run_that_ran_out_of_time_while_nobody_was_there_calls_nothing_more() {
    let (world, store) = (World::default(), Memory::new());
    let begun = Entry {
        seq: 1,
        node: "slow".to_owned(),
        kind: EntryKind::Started,
        value: None,
        item: None,
        at: 0,
    };
    for start in [overdue("new", Vec::new()), overdue("begun", vec![begun])] {
        store.commit(&[start]).unwrap()[0].as_ref().unwrap();
    }
    Process::new().run(async {
        let orch = serving(&world, &store, Hour).await;
        for id in ["new", "begun"] {
            let run = orch.start(Hour, ()).id(id).await.unwrap();
            let error = run.result().await.unwrap_err();
            assert_eq!(error.status(), RunStatus::TimedOut, "{error}");
        }
    });
    assert_eq!(world.calls("slow"), 0);
}

#[test]
fn a_run_that_was_out_of_time_has_its_whole_span_when_it_is_retried() {
    let (world, store) = (World::default(), Memory::new());
    orch::testing::paused(async {
        let builder = orchestrator(&world, &store).workflow(Hour).virtual_time();
        let orch = builder.build().await.unwrap();
        let run = orch.start(Hour, ()).id("r").await.unwrap();
        assert_eq!(
            run.result().await.unwrap_err().status(),
            RunStatus::TimedOut
        );
        orch.runs().unwrap().retry("r").await.unwrap();
        let run = orch.start(Hour, ()).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), 1);
    })
    .unwrap();
    assert_eq!(world.calls("slow"), 2);
}
