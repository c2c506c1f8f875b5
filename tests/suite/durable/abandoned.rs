//! Runs that nobody drives any more, and those who wait for runs that are gone.

use std::path::Path;
use std::time::Duration;

use orch::prelude::*;
use orch::store::{Memory, Sqlite};
use orch::{RunError, RunStatus};

use super::{Process, World, serving};

#[step]
async fn work(n: u32, #[resource] world: &World) -> u32 {
    world.called("work", &n.to_string());
    world.pass("work").await;
    n + 1
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Single(n: u32) -> u32 {
        work(n)
    }
}

/// Two orchestrators on one file: one that drives runs, and one that only waits for them.
async fn driving_and_waiting(folder: &Path, world: &World) -> (Orchestrator, Orchestrator) {
    let at = async |drives: usize| {
        let store = Sqlite::open(folder.join("runs.db")).await.unwrap();
        let builder = Orchestrator::builder().store(store).resource(world.clone());
        let builder = builder.workflow(Single).max_active_runs(drives);
        builder.build().await.unwrap()
    };
    (at(9).await, at(0).await)
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    let limited = tokio::time::timeout(Duration::from_secs(20), future).await;
    limited.expect("it waits for ever")
}

#[test]
fn a_start_that_is_dropped_leaves_no_run_that_nobody_drives() {
    let (world, store) = (World::default(), Memory::new());
    world.open("work", 1_000);
    Process::new().run(async {
        let orch = serving(&world, &store, Single).await;
        let limits = (0..200).map(|idx| Duration::from_micros(idx % 50 * 4));
        for (idx, limit) in limits.enumerate() {
            let start = orch.start(Single, 1).id(format!("{idx}"));
            if idx % 2 == 0 {
                // Polled once.
                let mut start = Box::pin(start.into_future());
                std::future::poll_fn(|cx| {
                    let _ = start.as_mut().poll(cx);
                    std::task::Poll::Ready(())
                })
                .await;
            } else {
                let _ = tokio::time::timeout(limit, start).await;
            }
        }
        for idx in 0..200 {
            let run = within(async { orch.start(Single, 1).id(format!("{idx}")).await });
            assert_eq!(within(run.await.unwrap().result()).await.unwrap(), 2);
        }
    });
    assert_eq!(world.calls("work"), 200);
}

#[test]
fn a_run_whose_runtime_is_shut_down_goes_on_in_another_one() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Single).await;
        let (starter, started) = (orch.clone(), world.clone());
        let other = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                starter.start(Single, 1).id("r").await.unwrap();
                started.until("work", 1).await;
            });
        });
        tokio::task::spawn_blocking(|| other.join().unwrap())
            .await
            .unwrap();
        world.open("work", 9);
        let run = orch.start(Single, 1).id("r").await.unwrap();
        assert_eq!(within(run.result()).await.unwrap(), 2);
    });
    assert_eq!(world.calls("work"), 2);
}

#[test]
fn whoever_waits_for_a_run_is_told_that_it_was_deleted_and_of_another_of_its_id_nothing() {
    let world = World::default();
    let folder = tempfile::tempdir().unwrap();
    Process::new().run(async {
        let (drives, waits) = driving_and_waiting(folder.path(), &world).await;
        let mut handles = Vec::new();
        for idx in 0..20 {
            let id = format!("{idx}");
            let run = drives.start(Single, 1).id(&id).await.unwrap();
            handles.push((run, waits.start(Single, 1).id(&id).await.unwrap()));
        }
        world.open("work", 1_000);
        for (idx, (run, waiting)) in handles.into_iter().enumerate() {
            assert_eq!(run.result().await.unwrap(), 2);
            let id = format!("{idx}");
            drives.runs().unwrap().delete(&id).await.unwrap();
            if idx % 2 == 0 {
                drives.start(Single, 7).id(&id).await.unwrap();
            }
            match within(waiting.result()).await {
                // Told of its end before it was deleted.
                Ok(result) => assert_eq!(result, 2),
                Err(error) => {
                    assert!(matches!(error, RunError::Interrupted(_)), "{error}");
                    assert!(error.to_string().contains("deleted"), "{error}");
                }
            }
        }
    });
}

#[test]
fn a_handle_in_a_process_that_drives_nothing_knows_when_its_run_has_ended() {
    let world = World::default();
    let folder = tempfile::tempdir().unwrap();
    Process::new().run(async {
        let (drives, waits) = driving_and_waiting(folder.path(), &world).await;
        let run = waits.start(Single, 1).id("r").await.unwrap();
        world.until("work", 1).await;
        assert!(!run.is_finished());
        world.open("work", 1);
        within(async {
            while !run.is_finished() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let known = drives.runs().unwrap().get("r").await.unwrap();
        assert_eq!(known.status, RunStatus::Completed);
    });
}
