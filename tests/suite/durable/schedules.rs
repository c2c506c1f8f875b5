//! Runs that start by themselves.

use std::time::Duration;

use orch::prelude::*;
use orch::store::{Filter, Memory};
use orch::testing::paused;

use super::{World, orchestrator};

#[step]
fn work(#[resource] world: &World) {
    world.called("work", "");
}

workflow! {
    #[workflow(version = "1", durable, schedule = "0 6 * * *")]
    pub Nightly() -> () { work() }
}

workflow! {
    #[workflow(version = "1", durable, schedule(cron = "0 * * * *", catch_up = all(3)))]
    pub Hourly() -> () { work() }
}

workflow! {
    #[workflow(version = "1", durable, schedule(cron = "0 * * * *", jitter = "20m"))]
    pub Spread() -> () { work() }
}

async fn ids(orch: &Orchestrator) -> Vec<String> {
    let runs = orch.runs().unwrap().list(Filter::default()).await.unwrap();
    let mut ids: Vec<String> = runs.iter().map(|run| run.id.to_string()).collect();
    ids.sort();
    ids
}

#[test]
fn runs_start_when_their_time_comes() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let builder = orchestrator(&world, &store)
            .workflow(Nightly)
            .virtual_time();
        let orch = builder.build().await.unwrap();
        tokio::time::sleep(Duration::from_secs(3 * 86_400)).await;
        assert_eq!(
            ids(&orch).await,
            [
                "Nightly@2026-01-01T06:00:00Z",
                "Nightly@2026-01-02T06:00:00Z",
                "Nightly@2026-01-03T06:00:00Z"
            ]
        );
        assert_eq!(world.calls("work"), 3);
    })
    .unwrap();
}

#[test]
fn what_was_missed_is_made_up_for_as_the_workflow_says() {
    let (world, store) = (World::default(), Memory::new());
    let life = |hours: u64| {
        paused(async {
            let builder = orchestrator(&world, &store)
                .workflow(Hourly)
                .workflow(Nightly);
            let orch = builder.virtual_time().build().await.unwrap();
            tokio::time::sleep(Duration::from_secs(hours * 3600 + 60)).await;
            ids(&orch).await
        })
        .unwrap()
    };
    let first = life(2);
    assert_eq!(
        first,
        ["Hourly@2026-01-01T01:00:00Z", "Hourly@2026-01-01T02:00:00Z"]
    );
    store.crash();
    // It is as if the last run had been started long before.
    let before = orch::store::Change::Put {
        space: "schedule",
        key: "Hourly".to_owned(),
        value: "1767193200000".to_owned(),
        expires_at: None,
    };
    orch::store::Store::commit(&store, &[before]).unwrap();
    let second = life(0);
    assert_eq!(
        second[..3],
        [
            "Hourly@2025-12-31T22:00:00Z",
            "Hourly@2025-12-31T23:00:00Z",
            "Hourly@2026-01-01T00:00:00Z"
        ]
    );
    assert_eq!(second.len(), 5, "three are made up for, and none twice");
    assert_eq!(world.calls("work"), 5);
}

#[test]
fn starts_are_put_off_and_each_time_still_has_one_run() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let build = || {
            let builder = orchestrator(&world, &store).workflow(Spread);
            builder.virtual_time().build()
        };
        // Two of them, each of which computes the same times.
        let (orch, _other) = (build().await.unwrap(), build().await.unwrap());
        tokio::time::sleep(Duration::from_secs(3_599)).await;
        assert_eq!(world.calls("work"), 0);
        let mut put_off = Vec::new();
        for hour in 1..=6 {
            let mut minutes = 0;
            while world.calls("work") < hour {
                tokio::time::sleep(Duration::from_secs(60)).await;
                minutes += 1;
                assert!(minutes <= 21, "hour {hour} is put off for longer than said");
            }
            put_off.push(minutes);
            tokio::time::sleep(Duration::from_secs(60 * (60 - minutes))).await;
            assert_eq!(world.calls("work"), hour, "each time has one run");
        }
        assert!(put_off.iter().any(|minutes| *minutes > 2), "{put_off:?}");
        let ids = ids(&orch).await;
        assert_eq!((ids.len(), &*ids[0]), (6, "Spread@2026-01-01T01:00:00Z"));
    })
    .unwrap();
}
