//! Runs that stand still are told once, and those that wait on purpose are left alone.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch::prelude::*;
use orch::store::Memory;
use orch::testing::paused;
use orch::{Builder, RunEvent, RunEventKind};

use super::{World, orchestrator};

const MINUTE: Duration = Duration::from_secs(60);

#[step]
async fn gated(n: u32, #[resource] world: &World) -> u32 {
    world.called("gated", "");
    world.pass("gate").await;
    n + 1
}

#[step(retries = 1, backoff = "1h..1h")]
async fn fails_first(n: u32, #[resource] world: &World) -> Result<u32, std::fmt::Error> {
    world.called("fails", "");
    match world.calls("fails") {
        1 => Err(std::fmt::Error),
        _ => Ok(n),
    }
}

#[step]
fn quick(n: u32) -> u32 {
    n + 1
}

#[step]
fn polled(turn: u32) -> std::ops::ControlFlow<u32, u32> {
    match turn {
        3 => ControlFlow::Break(turn),
        _ => ControlFlow::Continue(turn + 1),
    }
}

#[step(concurrency = 1)]
async fn narrow(n: u32, #[resource] world: &World) -> u32 {
    world.pass("gate").await;
    n
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Twice(n: u32) -> u32 { first = gated(n); gated(first) }
}

workflow! {
    #[workflow(durable, version = "1", stuck_after = "90m")]
    pub Patient(n: u32) -> u32 { gated(n) }
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Again(n: u32) -> u32 { fails_first(n) }
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Purposeful(n: u32) -> u32 {
        answer = signal::<u32>();
        rest = sleep("20d");
        turns = polled(0).repeat(max = 9, every = "5d");
        #[node(checkpoint_after, after = [rest])]
        seen = quick(n);
        seen + turns + answer.map_or(0, |answer| answer)
    }
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Learned(n: u32) -> u32 {
        all = for x in 0..200_u32 { quick(x) };
        sum = quick(all.len() as u32);
        #[node(after = [sum])]
        last = gated(n);
        last + sum
    }
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Narrow(n: u32) -> u32 {
        all = for x in 0..2_u32 { narrow(x) };
        n + all.iter().sum::<u32>()
    }
}

type Told = Arc<Mutex<Vec<(String, Option<String>, String, Duration)>>>;

/// An orchestrator in virtual time, and what it tells of runs that are stuck, with how long that was after its start.
fn watched(world: &World, store: &Memory) -> (Builder, Told) {
    let told = Told::default();
    let (heard, began) = (Arc::clone(&told), tokio::time::Instant::now());
    let builder = orchestrator(world, store).on_event(move |event: &RunEvent| {
        if let RunEventKind::RunStuck {
            node, waits_for, ..
        } = &event.kind
        {
            heard.lock().unwrap().push((
                event.run.to_string(),
                node.as_deref().map(str::to_owned),
                waits_for.clone(),
                began.elapsed(),
            ));
        }
    });
    (builder.virtual_time(), told)
}

fn take(told: &Told) -> Vec<(String, Option<String>, String, Duration)> {
    std::mem::take(&mut *told.lock().unwrap())
}

#[test]
fn each_standstill_is_told_once_with_what_it_waits_for() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let (builder, told) = watched(&world, &store);
        let orch = builder.workflow(Twice).build().await.unwrap();
        let run = orch.start(Twice, 1).id("r").await.unwrap();
        tokio::time::sleep(9 * MINUTE).await;
        assert_eq!(take(&told), []);
        tokio::time::sleep(2 * MINUTE).await;
        let [(id, node, waits_for, after)] = &take(&told)[..] else {
            panic!("it is told once");
        };
        assert_eq!((&**id, node.as_deref()), ("r", Some("first")));
        assert_eq!(waits_for, "the end of attempt 1");
        assert!(*after >= 10 * MINUTE && *after < 11 * MINUTE, "{after:?}");
        tokio::time::sleep(1_000 * MINUTE).await;
        assert_eq!(take(&told), [], "it was told");

        world.open("gate", 1);
        tokio::time::sleep(9 * MINUTE).await;
        assert_eq!(take(&told), [], "it goes on");
        tokio::time::sleep(12 * MINUTE).await;
        let told = take(&told);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].1.as_deref(), Some("gated"));
        world.open("gate", 1);
        assert_eq!(run.result().await.unwrap(), 3);
    })
    .unwrap();
}

#[test]
fn what_waits_on_purpose_is_not_stuck() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let (builder, told) = watched(&world, &store);
        let orch = builder
            .workflow(Purposeful)
            .workflow(Twice)
            .build()
            .await
            .unwrap();
        let runs = orch.runs().unwrap();
        let run = orch.start(Purposeful, 1).id("waits").await.unwrap();
        let paused = orch.start(Twice, 1).id("paused").await.unwrap();
        world.until("gated", 1).await;
        runs.pause("paused", "").await.unwrap();
        tokio::time::sleep(MINUTE).await;
        world.open("gate", 1);
        tokio::time::sleep(60 * 24 * 60 * MINUTE).await;
        assert_eq!(take(&told), []);
        runs.approve("waits", "seen", "ada", "").await.unwrap();
        run.signal(Purposeful::answer, 5).await.unwrap();
        assert_eq!(run.result().await.unwrap(), 10);
        runs.resume("paused").await.unwrap();
        world.open("gate", 1);
        assert_eq!(paused.result().await.unwrap(), 3);
        assert_eq!(take(&told), []);
    })
    .unwrap();
}

#[test]
fn the_workflow_says_before_the_builder_and_both_before_what_was_learned() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let (builder, told) = watched(&world, &store);
        let builder = builder
            .workflow(Patient)
            .workflow(Twice)
            .stuck_after(2 * MINUTE);
        let orch = builder.build().await.unwrap();
        orch.start(Patient, 1).id("patient").await.unwrap();
        orch.start(Twice, 1).id("twice").await.unwrap();
        tokio::time::sleep(89 * MINUTE).await;
        let first = take(&told);
        assert_eq!(first.len(), 1, "{first:?}");
        assert_eq!(first[0].0, "twice");
        assert!(first[0].3 < 3 * MINUTE, "{first:?}");
        tokio::time::sleep(2 * MINUTE).await;
        let second = take(&told);
        assert_eq!(second.len(), 1, "{second:?}");
        assert_eq!(second[0].0, "patient");
    })
    .unwrap();
}

#[test]
fn of_quick_steps_a_minute_is_long() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let (builder, told) = watched(&world, &store);
        let orch = builder.workflow(Learned).build().await.unwrap();
        orch.start(Learned, 1).await.unwrap();
        tokio::time::sleep(59 * Duration::from_secs(1)).await;
        assert_eq!(take(&told), []);
        // What was to be looked at in ten minutes is looked at then; a run that comes later is looked at sooner.
        orch.start(Learned, 1).await.unwrap();
        tokio::time::sleep(2 * MINUTE).await;
        let told = take(&told);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().all(|told| told.1.as_deref() == Some("last")));
    })
    .unwrap();
}

#[test]
fn a_wait_between_attempts_is_named_and_of_several_calls_the_oldest() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let (builder, told) = watched(&world, &store);
        let orch = builder
            .workflow(Again)
            .workflow(Narrow)
            .build()
            .await
            .unwrap();
        let run = orch.start(Again, 7).await.unwrap();
        tokio::time::sleep(11 * MINUTE).await;
        let first = take(&told);
        assert_eq!(first.len(), 1, "{first:?}");
        assert_eq!(first[0].2, "the time of attempt 2");
        assert_eq!(run.result().await.unwrap(), 7);

        let run = orch.start(Narrow, 1).await.unwrap();
        tokio::time::sleep(11 * MINUTE).await;
        let second = take(&told);
        assert_eq!(second.len(), 1, "{second:?}");
        assert_eq!(second[0].1.as_deref(), Some("all/narrow/0"));
        assert_eq!(second[0].2, "the end of attempt 1");
        world.open("gate", 2);
        assert_eq!(run.result().await.unwrap(), 2);
    })
    .unwrap();
}
