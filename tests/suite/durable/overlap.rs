//! What becomes of a run of a workflow of which as many are under way as may be, decided where runs are kept.

use orch::prelude::*;
use orch::store::Memory;
use orch::{RunHandle, RunStatus, StartError};

use super::{Process, World, orchestrator};

#[step]
async fn hold(#[resource] world: &World) -> u32 {
    world.called("hold", "");
    world.pass("hold").await;
    1
}

workflow! {
    #[workflow(version = "1", durable, max_active_runs = 2, overlap = skip)]
    pub Skips() -> u32 { hold() }
}

workflow! {
    #[workflow(version = "1", durable, max_active_runs = 2, overlap = cancel_new)]
    pub CancelsNew() -> u32 { hold() }
}

workflow! {
    #[workflow(version = "1", durable, max_active_runs = 2, overlap = cancel_old)]
    pub CancelsOld() -> u32 { hold() }
}

/// Starts twenty runs at once, half of them by each of two processes; gives those that were let through, and how each
/// ended once `hold` passes.
fn twenty<W: Workflow<Input = ()> + Copy>(
    workflow: W,
    settled: impl AsyncFnOnce(&World, &Orchestrator),
) -> (Vec<StartError>, Vec<RunStatus>) {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let mut both = Vec::new();
        for _ in 0..2 {
            let builder = orchestrator(&world, &store).workflow(workflow);
            both.push(std::sync::Arc::new(builder.build().await.unwrap()));
        }
        let starts = (0..20).map(|n| {
            let orch = std::sync::Arc::clone(&both[n % 2]);
            tokio::spawn(async move { orch.start(workflow, ()).await })
        });
        let (mut handles, mut refused): (Vec<RunHandle<W>>, _) = (Vec::new(), Vec::new());
        for started in starts.collect::<Vec<_>>() {
            match started.await.unwrap() {
                Ok(handle) => handles.push(handle),
                Err(error) => refused.push(error),
            }
        }
        settled(&world, &both[0]).await;
        world.open("hold", 99);
        let mut ended = Vec::new();
        for handle in handles {
            ended.push(match handle.result().await {
                Ok(_) => RunStatus::Completed,
                Err(error) => error.status(),
            });
        }
        (refused, ended)
    })
}

fn count(ended: &[RunStatus], status: RunStatus) -> usize {
    ended.iter().filter(|ended| **ended == status).count()
}

#[test]
fn no_more_are_let_through_than_may_be_under_way() {
    let (refused, ended) = twenty(Skips, async |world, _| world.until("hold", 2).await);
    assert_eq!(ended, [RunStatus::Completed; 2]);
    assert_eq!(refused.len(), 18);
    let limit = |error: &StartError| matches!(error, StartError::Overlap { limit: 2, .. });
    assert!(refused.iter().all(limit), "{refused:?}");
}

#[test]
fn what_is_too_many_is_kept_as_cancelled() {
    let (refused, ended) = twenty(CancelsNew, async |world, orch| {
        world.until("hold", 2).await;
        let runs = orch.runs().unwrap().list(Default::default()).await.unwrap();
        let cancelled = runs.iter().filter(|run| run.status == RunStatus::Cancelled);
        assert_eq!(cancelled.count(), 18);
    });
    assert!(refused.is_empty());
    assert_eq!(count(&ended, RunStatus::Completed), 2, "{ended:?}");
    assert_eq!(count(&ended, RunStatus::Cancelled), 18, "{ended:?}");
}

#[test]
fn each_run_too_many_takes_the_place_of_another() {
    let (refused, ended) = twenty(CancelsOld, async |_, orch| {
        // All but two are cancelled before anything passes.
        for _ in 0..5_000 {
            let runs = orch.runs().unwrap().list(Default::default()).await.unwrap();
            if runs.iter().filter(|run| run.status.is_ended()).count() == 18 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        panic!("too many are left");
    });
    assert!(refused.is_empty());
    assert_eq!(count(&ended, RunStatus::Completed), 2, "{ended:?}");
    assert_eq!(count(&ended, RunStatus::Cancelled), 18, "{ended:?}");
}

#[step]
async fn takes_a_while(ms: u64) -> u64 {
    tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
    ms
}

workflow! {
    #[workflow(version = "1", durable, max_active_runs = 1)]
    pub OneByOne(ms: u64) -> u64 {
        takes_a_while(ms)
    }
}

#[test]
fn the_end_of_one_run_begins_the_next_in_the_same_process() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = super::serving(&world, &store, OneByOne).await;
        let mut runs = Vec::new();
        for ms in [30, 1, 20, 1, 0] {
            runs.push(orch.start(OneByOne, ms).await.unwrap());
        }
        for run in runs {
            run.result().await.unwrap();
        }
    });
}
