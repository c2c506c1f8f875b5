//! Attempts are counted beyond the process that made them.

use std::time::Duration;

use orch::AttemptEnd;
use orch::prelude::*;
use orch::store::Memory;

use super::{Process, World, orchestrator, serving};

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

/// Fails, but for the attempts that wait at a gate.
#[step(retries = 3, backoff = "1ms..1ms")]
async fn brittle(
    waits: u32,
    #[resource] world: &World,
    #[ctx] ctx: &StepCtx,
) -> Result<u32, Broken> {
    world.called(
        "brittle",
        &format!("{} {}", ctx.attempt(), ctx.idempotency_key()),
    );
    if ctx.attempt() == waits {
        world.pass("brittle").await;
    }
    Err(Broken(format!("attempt {}", ctx.attempt())))
}

/// Brings its process down five times.
#[step(retries = 3, backoff = "1ms..1ms")]
async fn deadly(#[resource] world: &World, #[ctx] ctx: &StepCtx) -> Result<u32, Broken> {
    world.called("deadly", &ctx.attempt().to_string());
    if world.calls("deadly") <= 5 {
        world.pass("deadly").await;
    }
    Err(Broken(format!("attempt {}", ctx.attempt())))
}

#[step(retries = 2, backoff = "1h..1h")]
async fn patient(#[resource] world: &World, #[ctx] ctx: &StepCtx) -> Result<u32, Broken> {
    world.called("patient", &ctx.attempt().to_string());
    match ctx.attempt() {
        1 => Err(Broken("once".into())),
        attempt => Ok(attempt),
    }
}

#[step]
async fn once_broken(name: &str, #[resource] world: &World) -> Result<u32, Broken> {
    world.called(name, "");
    match world.calls(name) {
        1 => Err(Broken("once".into())),
        _ => Ok(1),
    }
}

#[step]
async fn gated(name: &str, n: u32, #[resource] world: &World) -> u32 {
    world.called(name, &n.to_string());
    world.pass(name).await;
    n + 1
}

#[step]
async fn broken(name: &str, #[resource] world: &World) -> Result<u32, Broken> {
    world.called(name, "");
    Err(Broken("always".into()))
}

#[step(retries = 1, backoff = "1ms..1ms")]
async fn turn(
    state: u32,
    #[resource] world: &World,
    #[ctx] ctx: &StepCtx,
) -> Result<ControlFlow<u32, u32>, Broken> {
    world.called("turn", &format!("{state}.{}", ctx.attempt()));
    match (state, ctx.attempt()) {
        (0, 1) => Err(Broken("once".into())),
        (1, 1) => {
            world.pass("turn").await;
            Err(Broken("never".into()))
        }
        (2, _) => Ok(ControlFlow::Break(2)),
        _ => Ok(ControlFlow::Continue(state + 1)),
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Brittle(waits: u32) -> Result<u32, Broken> {
        a = brittle(waits);
        a
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Deadly(_n: u32) -> Result<u32, Broken> {
        a = deadly();
        a
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Patient(_n: u32) -> Result<u32, Broken> {
        a = patient();
        a
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Inner(n: u32) -> Result<u32, Broken> {
        first = once_broken("once");
        gated("inside", first + n)
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub RetriesInner(n: u32) -> u32 {
        #[node(retries = 1, backoff = "1ms..1ms")]
        inner = Inner::run(n);
        inner
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub FallsBack(n: u32) -> u32 {
        a = broken("first").or_else(gated("second", n));
        a
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Turns(n: u32) -> Result<u32, Broken> {
        end = turn(n).repeat(max = 9);
        end
    }
}

/// Runs a workflow until a step was called so often and a while passed, and kills the process.
fn kill_at<W: Workflow + Copy>(
    workflow: W,
    input: W::Input,
    (step, calls): (&str, usize),
    (world, store): (&World, &Memory),
) {
    let process = Process::new();
    process.run(async {
        let orch = serving(world, store, workflow).await;
        orch.start(workflow, input).id("r").await.unwrap();
        world.until(step, calls).await;
        // An attempt that goes on is on record after a while.
        tokio::time::sleep(Duration::from_millis(80)).await;
    });
    process.kill(store);
}

fn finish<W: Workflow + Copy>(
    workflow: W,
    input: W::Input,
    (world, store): (&World, &Memory),
) -> Result<W::Output, RunError<W::Error>> {
    Process::new().run(async {
        let orch = serving(world, store, workflow).await;
        orch.start(workflow, input)
            .id("r")
            .await
            .unwrap()
            .result()
            .await
    })
}

#[test]
fn attempts_of_a_process_that_died_count() {
    let (world, store) = (World::default(), Memory::new());
    kill_at(Brittle, 3, ("brittle", 3), (&world, &store));
    let error = finish(Brittle, 3, (&world, &store)).unwrap_err();
    assert_eq!(error.error().unwrap().0, "attempt 4");
    let key = "r/a";
    assert_eq!(
        world.keys("brittle"),
        [1, 2, 3, 4].map(|attempt| format!("{attempt} {key}"))
    );
}

#[test]
fn what_brings_its_process_down_each_time_is_called_once_by_each() {
    let (world, store) = (World::default(), Memory::new());
    for calls in 1..=5 {
        kill_at(Deadly, 1, ("deadly", calls), (&world, &store));
    }
    // Whether an attempt is the last is what the count decides: this one is.
    let error = finish(Deadly, 1, (&world, &store)).unwrap_err();
    assert_eq!(error.error().unwrap().0, "attempt 6");
    assert_eq!(world.keys("deadly"), ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn an_attempt_that_is_due_is_waited_for_by_the_next_process_and_not_counted() {
    let (world, store) = (World::default(), Memory::new());
    kill_at(Patient, 1, ("patient", 1), (&world, &store));
    orch::testing::paused(async {
        let builder = orchestrator(&world, &store)
            .workflow(Patient)
            .virtual_time();
        let orch = builder.build().await.unwrap();
        let run = orch.start(Patient, 1).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), 2);
    })
    .unwrap();
    assert_eq!(world.keys("patient"), ["1", "2"]);
}

#[test]
fn an_operator_who_retries_gives_all_attempts_anew() {
    let (world, store) = (World::default(), Memory::new());
    assert!(finish(Brittle, 9, (&world, &store)).is_err());
    Process::new().run(async {
        let orch = serving(&world, &store, Brittle).await;
        orch.runs().unwrap().retry("r").await.unwrap();
        let run = orch.start(Brittle, 9).id("r").await.unwrap();
        assert_eq!(
            run.result().await.unwrap_err().error().unwrap().0,
            "attempt 4"
        );
    });
    assert_eq!(world.calls("brittle"), 8);
}

#[test]
fn a_workflow_inside_goes_on_in_the_attempt_that_it_was_in() {
    let (world, store) = (World::default(), Memory::new());
    kill_at(RetriesInner, 1, ("inside", 1), (&world, &store));
    world.open("inside", 9);
    assert_eq!(finish(RetriesInner, 1, (&world, &store)).unwrap(), 3);
    assert_eq!(
        world.calls("once"),
        2,
        "what failed in the first attempt did not in the second"
    );
    assert_eq!(world.calls("inside"), 2);
}

#[test]
fn a_fallback_goes_on_at_the_tier_that_it_had_come_to() {
    let (world, store) = (World::default(), Memory::new());
    kill_at(FallsBack, 1, ("second", 1), (&world, &store));
    world.open("second", 9);
    assert_eq!(finish(FallsBack, 1, (&world, &store)).unwrap(), 2);
    assert_eq!((world.calls("first"), world.calls("second")), (1, 2));
}

#[test]
fn each_turn_has_attempts_of_its_own() {
    let (world, store) = (World::default(), Memory::new());
    kill_at(Turns, 0, ("turn", 3), (&world, &store));
    assert_eq!(finish(Turns, 0, (&world, &store)).unwrap(), 2);
    assert_eq!(world.keys("turn"), ["0.1", "0.2", "1.1", "1.2", "2.1"]);
}

/// The attempts of a node as they are on record: `1.2 failed` is the second attempt of the second tier.
async fn made(orch: &Orchestrator, node: &str) -> Vec<String> {
    let mut attempts = orch.runs().unwrap().attempts("r", node).await;
    for _ in 0..2_000 {
        // What nobody waits for is kept a little later.
        if attempts.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        attempts = orch.runs().unwrap().attempts("r", node).await;
    }
    let attempts = attempts.unwrap();
    let ended = |ended: &AttemptEnd| match ended {
        AttemptEnd::Gave(value) => format!("gave {value}"),
        AttemptEnd::Failed(error) => format!("failed: {}", error["message"].as_str().unwrap()),
        AttemptEnd::Lost => "lost".to_owned(),
        other => format!("{other:?}"),
    };
    let line = |made: &orch::Attempt| {
        let (turn, tier, attempt) = (made.turn, made.tier, made.attempt);
        format!("{turn}.{tier}.{attempt} {}", ended(&made.ended))
    };
    attempts.iter().map(line).collect()
}

#[test]
fn each_attempt_can_be_looked_at() {
    let (world, store) = (World::default(), Memory::new());
    kill_at(Brittle, 3, ("brittle", 3), (&world, &store));
    world.open("brittle", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Brittle).await;
        let run = orch.start(Brittle, 3).id("r").await.unwrap();
        run.result().await.unwrap_err();
        assert_eq!(
            made(&orch, "a").await,
            [
                "0.0.1 failed: attempt 1",
                "0.0.2 failed: attempt 2",
                "0.0.3 lost",
                "0.0.4 failed: attempt 4"
            ]
        );
        let unknown = orch.runs().unwrap().attempts("r", "b").await;
        assert_eq!(unknown.unwrap_err().code(), "node");
    });
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, FallsBack).await;
        let run = orch.start(FallsBack, 4).id("r").await.unwrap();
        world.until("second", 1).await;
        let under_way = ["0.0.1 failed: always", "0.1.1 UnderWay"];
        assert_eq!(made(&orch, "a").await, under_way);
        world.open("second", 1);
        run.result().await.unwrap();
        assert_eq!(made(&orch, "a").await[1], "0.1.1 gave 5");
    });
    let (world, store) = (World::default(), Memory::new());
    world.open("turn", 1);
    Process::new().run(async {
        let orch = serving(&world, &store, Turns).await;
        let run = orch.start(Turns, 0).id("r").await.unwrap();
        run.result().await.unwrap();
        let turns = [
            "0.0.1 failed: once",
            "0.0.2 gave 1",
            "1.0.1 failed: never",
            "1.0.2 gave 2",
            "2.0.1 gave 2",
        ];
        assert_eq!(made(&orch, "end").await, turns);
    });
}

#[step(
    retries = 1,
    backoff = "1ms..1ms",
    breaker(name = "scales", failure_threshold = 2)
)]
async fn weigh(parcel: u32) -> Result<u32, Broken> {
    Err(Broken(format!("parcel {parcel} is too heavy")))
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Weighing(n: u32) -> Result<Vec<u32>, Broken> {
        weights = for parcel in n..n + 1 { weigh(parcel) };
        weights
    }
}

#[test]
fn what_an_attempt_failed_with_is_kept_with_all_that_is_known_of_it() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Weighing).await;
        let run = orch.start(Weighing, 7).id("r").await.unwrap();
        run.result().await.unwrap_err();
        let attempts = orch.runs().unwrap().attempts("r", "weights/weigh/0").await;
        let errors: Vec<_> = attempts
            .unwrap()
            .into_iter()
            .map(|made| made.ended)
            .collect();
        let error = |attempt: u32, breaker: &str| {
            serde_json::json!({
                "code": "failed",
                "node": "weights/weigh",
                "step": "weigh",
                "items": [0],
                "attempt": attempt,
                "message": "parcel 7 is too heavy",
                "error": "parcel 7 is too heavy",
                "breaker": breaker,
            })
        };
        let mut last = error(2, "open");
        // It may have done what it was to do all the same.
        last["in_doubt"] = true.into();
        assert_eq!(
            errors,
            [
                AttemptEnd::Failed(error(1, "closed")),
                AttemptEnd::Failed(last)
            ]
        );
    });
}
