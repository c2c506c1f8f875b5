//! Runs that are forgotten some time after they ended.

use std::time::Duration;

use orch::prelude::*;
use orch::store::{Filter, Memory};
use orch::testing::paused;
use orch::{RunStatus, Runs};

use super::{World, orchestrator};

const HOUR: Duration = Duration::from_secs(3600);
/// How late a run may be forgotten, and a little more.
const LATE: Duration = Duration::from_secs(61);

#[step]
fn divide(n: u32) -> Result<u32, std::num::TryFromIntError> {
    u32::try_from(i64::from(n) - 1)
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Quick(n: u32) -> u32 { divide(n) }
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Long(n: u32) -> u32 {
        answer = signal::<u32>();
        answer.map_or(n, |answer| answer)
    }
}

async fn ids(runs: &Runs) -> Vec<String> {
    let listed = runs.list(Filter::default()).await.unwrap();
    let mut ids: Vec<_> = listed.iter().map(|run| run.id.to_string()).collect();
    ids.sort();
    ids
}

#[test]
fn runs_are_forgotten_by_how_they_ended_and_when() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let builder = orchestrator(&world, &store).workflow(Quick).workflow(Long);
        let orch = builder
            .retain(RunStatus::Completed, 2 * HOUR)
            .retain(RunStatus::Failed, 10 * HOUR)
            .virtual_time()
            .build()
            .await
            .unwrap();
        let runs = orch.runs().unwrap();
        orch.start(Long, 1).id("long").await.unwrap();
        let cancelled = orch.start(Long, 1).id("cancelled").await.unwrap();
        runs.cancel("cancelled", "as it is").await.unwrap();
        cancelled.result().await.unwrap_err();
        let first = orch.start(Quick, 1).id("first").await.unwrap();
        first.result().await.unwrap();
        let failed = orch.start(Quick, 0).id("failed").await.unwrap();
        failed.result().await.unwrap_err();
        tokio::time::sleep(HOUR).await;
        let second = orch.start(Quick, 1).id("second").await.unwrap();
        second.result().await.unwrap();

        tokio::time::sleep(HOUR - LATE).await;
        assert_eq!(
            ids(&runs).await,
            ["cancelled", "failed", "first", "long", "second"]
        );
        tokio::time::sleep(2 * LATE).await;
        assert_eq!(ids(&runs).await, ["cancelled", "failed", "long", "second"]);
        tokio::time::sleep(HOUR).await;
        assert_eq!(ids(&runs).await, ["cancelled", "failed", "long"]);
        tokio::time::sleep(7 * HOUR - 2 * LATE).await;
        assert_eq!(ids(&runs).await, ["cancelled", "failed", "long"]);
        tokio::time::sleep(2 * LATE).await;
        assert_eq!(ids(&runs).await, ["cancelled", "long"]);
        // Those that have not ended, and those of which nothing is said, are kept for ever.
        tokio::time::sleep(10_000 * HOUR).await;
        assert_eq!(ids(&runs).await, ["cancelled", "long"]);
        runs.signal("long", Long::answer, 3).await.unwrap();
        let long = orch.start(Long, 1).id("long").await.unwrap();
        assert_eq!(long.result().await.unwrap(), 3);
        tokio::time::sleep(2 * HOUR + LATE).await;
        assert_eq!(ids(&runs).await, ["cancelled"]);
        // What was forgotten can be started anew.
        let again = orch.start(Quick, 2).id("first").await.unwrap();
        assert_eq!(again.result().await.unwrap(), 1);
    })
    .unwrap();
}

#[test]
fn what_expired_while_nobody_was_there_is_forgotten_at_the_next_start() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let builder = orchestrator(&world, &store).workflow(Quick).workflow(Long);
        let orch = builder.virtual_time().build().await.unwrap();
        orch.start(Long, 1).id("long").await.unwrap();
        // More than are forgotten in one transaction.
        for idx in 0..1_100 {
            let run = orch.start(Quick, 1).id(format!("{idx}")).await.unwrap();
            run.result().await.unwrap();
        }
    })
    .unwrap();
    store.crash();
    paused(async {
        // Virtual time begins anew, so that nothing has expired at first; this process drives nothing.
        let builder = orchestrator(&world, &store).max_active_runs(0);
        let builder = builder.retain(RunStatus::Completed, 3 * HOUR);
        let orch = builder.virtual_time().build().await.unwrap();
        let runs = orch.runs().unwrap();
        tokio::time::sleep(2 * HOUR).await;
        let all = Filter {
            limit: usize::MAX,
            ..Filter::default()
        };
        assert_eq!(runs.list(all.clone()).await.unwrap().len(), 1_101);
        tokio::time::sleep(HOUR + LATE).await;
        assert_eq!(runs.list(all).await.unwrap().len(), 1);
        assert_eq!(
            runs.get("long").await.unwrap().workflow,
            "Long",
            "it has not ended"
        );
    })
    .unwrap();
    store.crash();
    paused(async {
        // At once, when it has expired by then.
        let builder = orchestrator(&world, &store).workflow(Quick).workflow(Long);
        let orch = builder.virtual_time().build().await.unwrap();
        let run = orch.start(Quick, 1).id("last").await.unwrap();
        run.result().await.unwrap();
        let builder = orchestrator(&world, &store).max_active_runs(0);
        let builder = builder.retain(RunStatus::Completed, Duration::ZERO);
        let other = builder.virtual_time().build().await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(ids(&other.runs().unwrap()).await, ["long"]);
    })
    .unwrap();
}

#[test]
fn only_how_a_run_ended_is_a_reason_to_forget_it() {
    paused(async {
        let builder = orchestrator(&World::default(), &Memory::new());
        let refused = builder
            .retain(RunStatus::Waiting, HOUR)
            .retain(RunStatus::Failed, HOUR)
            .retain(RunStatus::Failed, 2 * HOUR)
            .build()
            .await
            .unwrap_err();
        assert_eq!(
            refused.problems(),
            [
                "a run that is `waiting` has not ended and is never forgotten: `retain` takes the status of one that has",
                "`retain` is given twice for `failed`"
            ]
        );
    })
    .unwrap();
}
