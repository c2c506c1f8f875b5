//! What did not succeed is undone, in reverse order, durably.

mod inside;

use std::time::Duration;

use orch::prelude::*;
use orch::store::{EntryKind, Memory};

use super::{Process, World, in_memory, orchestrator, serving};

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

fn told(outcome: &Outcome<&String>) -> String {
    match outcome {
        Outcome::Done(value) => format!("done {value}"),
        Outcome::Failed(error) => format!("failed {}", error.code()),
        _ => "nobody knows".to_owned(),
    }
}

#[step]
async fn release(outcome: Outcome<&String>, what: &str, #[resource] world: &World) {
    world.called("release", &format!("{what}: {}", told(&outcome)));
    if what == "slow" {
        world.pass("release").await;
    }
}

#[step(compensate = release)]
async fn reserve(what: &str, #[resource] world: &World) -> String {
    world.called("reserve", what);
    format!("{what} reserved")
}

#[step(compensate = release)]
async fn hangs(what: &str, #[resource] world: &World) -> Result<String, Refused> {
    world.called("hangs", what);
    world.pass("hangs").await;
    Ok(what.to_owned())
}

#[step(compensate = release, timeout = "5ms")]
async fn times_out(what: &str, #[resource] world: &World) -> Result<String, Refused> {
    world.called("times_out", what);
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(what.to_owned())
}

#[step]
async fn charge(card: &str, #[resource] world: &World) -> Result<String, Refused> {
    world.called("charge", card);
    if card == "bad" {
        return Err(Refused("the card was refused".into()));
    }
    Ok(card.to_owned())
}

#[step(retries = 2, backoff = "1ms..1ms")]
async fn brittle_undo(
    outcome: Outcome<&String>,
    _what: &str,
    #[resource] world: &World,
) -> Result<(), Refused> {
    world.called("brittle", &told(&outcome));
    match world.calls("brittle") {
        1 | 2 => Err(Refused("not yet".into())),
        _ => Ok(()),
    }
}

#[step(compensate = brittle_undo)]
fn book(what: &str) -> String {
    what.to_owned()
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error,
)]
pub enum CallError {
    #[error("there was no answer")]
    NoAnswer,
    #[error("it is not allowed")]
    NotAllowed,
}

impl CallError {
    fn is_worth_another(&self) -> bool {
        *self == Self::NoAnswer
    }
}

#[step]
fn call_off(outcome: Outcome<&String>, how: &str, #[resource] world: &World, #[ctx] ctx: &StepCtx) {
    let key = ctx.idempotency_key();
    world.called("call_off", &format!("{how} {}: {key}", told(&outcome)));
}

#[step(compensate = call_off, retries = 1, backoff = "1ms..1ms", retry_if = CallError::is_worth_another)]
fn order(how: &str, #[resource] world: &World, #[ctx] ctx: &StepCtx) -> Result<String, CallError> {
    world.called("order", &ctx.idempotency_key());
    match how {
        "lost" => Err(CallError::NoAnswer),
        "refused" => Err(CallError::NotAllowed),
        how => Ok(how.to_owned()),
    }
}

#[step]
async fn pay(#[resource] world: &World) -> Result<String, CallError> {
    world.called("pay", "");
    match world.calls("pay") {
        1 | 2 => Err(CallError::NotAllowed),
        _ => Ok("paid".to_owned()),
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Order(how: String) -> Result<String, CallError> {
        ordered = order(&how);
        #[node(after = [ordered])]
        paid = pay();
        paid
    }
}

#[step]
fn close(what: &str, #[resource] world: &World) {
    world.called("close", what);
}

workflow! {
    pub InMemory(card: String) -> Result<String, Refused> {
        a = reserve("a");
        #[node(after = [a])]
        b = reserve("b");
        #[node(after = [b])]
        charged = charge(&card);
        #[node(finally)]
        close("end");
        charged
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Saga(card: String) -> Result<String, Refused> {
        a = reserve("a");
        #[node(after = [a])]
        slow = reserve("slow");
        parcels = for n in 0..2_u32 { reserve(if n == 0 { "p0" } else { "p1" }) };
        #[node(after = [slow, parcels])]
        charged = charge(&card);
        #[node(finally)]
        close("end");
        charged
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Doubt(_n: u32) -> Result<String, Refused> {
        a = hangs("hanging");
        a
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub TimesOut(_n: u32) -> Result<String, Refused> {
        a = times_out("late");
        a
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Brittle(card: String) -> Result<String, Refused> {
        a = book("room");
        #[node(after = [a])]
        charged = charge(&card);
        charged
    }
}

#[test]
fn what_was_done_is_undone_before_the_finally_nodes() {
    let world = World::default();
    Process::new().run(async {
        let orch = in_memory(&world).await;
        let error = orch
            .start(InMemory, "bad".into())
            .await
            .unwrap()
            .result()
            .await
            .unwrap_err();
        assert_eq!(error.error().unwrap().to_string(), "the card was refused");
        assert_eq!(
            world.keys("release"),
            ["b: done b reserved", "a: done a reserved"]
        );
        assert_eq!(world.calls("close"), 1);
        orch.start(InMemory, "good".into())
            .await
            .unwrap()
            .result()
            .await
            .unwrap();
        assert_eq!(world.calls("release"), 2, "what succeeds is not undone");
    });
}

#[step]
fn tidy(#[resource] world: &World, #[ctx] ctx: &StepCtx) {
    world.called("tidy", &ctx.idempotency_key());
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Tidied(card: String) -> Result<String, CallError> {
        paid = pay();
        #[node(finally)]
        tidy();
        #[node(after = [paid])]
        seen = order(&card);
        seen
    }
}

#[test]
fn finally_nodes_run_at_each_end() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Tidied).await;
        let runs = orch.runs().unwrap();
        for fails in [true, true, false] {
            let run = orch.start(Tidied, "card".into()).id("r").await.unwrap();
            assert_eq!(run.result().await.is_err(), fails);
            if fails {
                runs.retry("r").await.unwrap();
            }
        }
    });
    // Each is another effect.
    assert_eq!(
        world.keys("tidy"),
        ["r/tidy", "r/tidy~again1", "r/tidy~again2"]
    );
}

#[test]
fn undoing_goes_on_after_a_kill() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Saga).await;
        orch.start(Saga, "bad".into()).id("r").await.unwrap();
        world.until("charge", 1).await;
        // The undo of `slow` waits, with or without others before it.
        for _ in 0..2_000 {
            if world
                .keys("release")
                .iter()
                .any(|key| key.starts_with("slow"))
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    before.kill(&store);
    world.open("release", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Saga).await;
        let error = orch
            .start(Saga, "bad".into())
            .id("r")
            .await
            .unwrap()
            .result()
            .await
            .unwrap_err();
        assert_eq!(
            error.error().map(ToString::to_string),
            None,
            "its type is not one that is kept whole"
        );
        assert!(
            error.to_string().contains("the card was refused"),
            "{error}"
        );
        let history = orch.runs().unwrap().history("r").await.unwrap();
        let undone = history
            .entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Undone)
            .count();
        assert_eq!(undone, 4);
    });
    assert_eq!(
        (
            world.calls("reserve"),
            world.calls("charge"),
            world.calls("close")
        ),
        (4, 1, 1)
    );
    let released = world.keys("release");
    for once in ["a", "p0", "p1"] {
        assert_eq!(
            released
                .iter()
                .filter(|key| key.starts_with(&format!("{once}:")))
                .count(),
            1,
            "{once}: {released:?}"
        );
    }
    assert_eq!(
        released
            .iter()
            .filter(|key| key.starts_with("slow"))
            .count(),
        2,
        "the one under way again"
    );
}

#[test]
fn what_may_have_happened_is_undone_too() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = orchestrator(&world, &store)
            .workflow(Doubt)
            .workflow(TimesOut)
            .build()
            .await
            .unwrap();
        let run = orch.start(Doubt, 1).id("r").await.unwrap();
        world.until("hangs", 1).await;
        run.cancel("enough");
        assert!(run.result().await.unwrap_err().is_cancelled());
        assert_eq!(world.keys("release"), ["hanging: nobody knows"]);
        let error = orch
            .start(TimesOut, 1)
            .await
            .unwrap()
            .result()
            .await
            .unwrap_err();
        assert!(error.is_timed_out());
        assert_eq!(world.keys("release")[1], "late: failed timed_out");
    });
}

#[test]
fn undo_steps_have_policies_of_their_own() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Brittle).await;
        let error = orch
            .start(Brittle, "bad".into())
            .await
            .unwrap()
            .result()
            .await
            .unwrap_err();
        assert_eq!(
            error.failures().len(),
            1,
            "undoing succeeded in the end: {error}"
        );
        assert_eq!(world.keys("brittle"), ["done room"; 3]);
    });
}

#[test]
fn a_failure_that_may_have_had_its_effect_is_undone_and_a_refusal_is_not() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Order).await;
        for how in ["lost", "refused"] {
            let run = orch.start(Order, how.into()).id(how).await.unwrap();
            assert!(run.result().await.is_err());
        }
        assert_eq!(
            world.keys("call_off"),
            ["lost failed failed: lost/ordered~undo"]
        );
    });
}

#[step]
async fn take_back(outcome: Outcome<&String>, what: &str, #[resource] world: &World) {
    world.called("take back", &format!("{what}: {}", told(&outcome)));
    if world.calls("take back") == 2 {
        world.pass("take back").await;
    }
}

#[step(compensate = take_back, timeout = "5ms")]
async fn train(what: &str, #[resource] world: &World) -> Result<String, Refused> {
    world.called(what, "");
    world.pass("never").await;
    Ok(what.to_owned())
}

#[step(compensate = take_back)]
async fn bus(what: &str, #[resource] world: &World) -> Result<String, Refused> {
    world.called(what, "");
    world.pass(what).await;
    Ok(what.to_owned())
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Journey(card: String) -> Result<String, Refused> {
        there = train("train").or_else(bus("bus"));
        #[node(after = [there])]
        charged = charge(&card);
        charged
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Late(_n: u32) -> Result<String, Refused> {
        there = train("train");
        back = bus("bus");
        format!("{there} and {back}")
    }
}

fn both_ways_back() -> [String; 2] {
    [
        "bus: done bus".to_owned(),
        "train: failed timed_out".to_owned(),
    ]
}

#[test]
fn a_fallback_and_what_it_stood_in_for_are_both_undone_after_a_crash_before_its_end() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Journey).await;
        orch.start(Journey, "bad".into()).id("r").await.unwrap();
        world.until("bus", 1).await;
    });
    before.kill(&store);
    world.open("bus", 9);
    world.open("take back", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Journey).await;
        let run = orch.start(Journey, "bad".into()).id("r").await.unwrap();
        assert!(run.result().await.is_err());
    });
    assert_eq!(world.keys("take back"), both_ways_back());
    assert_eq!(world.calls("train"), 1, "the fallback goes on");
}

#[test]
fn of_two_undos_of_one_node_a_crash_between_them_loses_neither() {
    let (world, store) = (World::default(), Memory::new());
    world.open("bus", 9);
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Journey).await;
        orch.start(Journey, "bad".into()).id("r").await.unwrap();
        world.until("take back", 2).await;
    });
    before.kill(&store);
    world.open("take back", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Journey).await;
        let run = orch.start(Journey, "bad".into()).id("r").await.unwrap();
        assert!(run.result().await.is_err());
        let history = orch.runs().unwrap().history("r").await.unwrap();
        let undone = history.entries.iter();
        let undone = undone.filter(|entry| entry.kind == EntryKind::Undone);
        let tiers: Vec<_> = undone.map(|entry| entry.value.as_deref()).collect();
        assert_eq!(tiers, [Some("1"), None], "each is recorded once");
    });
    let [bus, train] = both_ways_back();
    assert_eq!(world.keys("take back"), [bus, train.clone(), train]);
}

#[test]
fn a_failure_in_doubt_that_was_recorded_before_a_crash_is_undone() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Late).await;
        orch.start(Late, 1).id("r").await.unwrap();
        world.until("train", 1).await;
        world.until("bus", 1).await;
        // The one times out meanwhile, and the other goes on.
        tokio::time::sleep(Duration::from_millis(60)).await;
    });
    before.kill(&store);
    world.open("bus", 9);
    world.open("take back", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Late).await;
        let run = orch.start(Late, 1).id("r").await.unwrap();
        assert!(run.result().await.is_err());
    });
    let mut back = world.keys("take back");
    back.sort();
    assert_eq!(back, ["bus: nobody knows", "train: failed timed_out"]);
    assert_eq!(world.calls("train"), 1);
}

#[step(compensate = call_off, retries = 1, backoff = "1ms..1ms", retry_if = CallError::is_worth_another)]
fn order_twice(
    how: &str,
    #[resource] world: &World,
    #[ctx] ctx: &StepCtx,
) -> Result<String, CallError> {
    world.called("order_twice", how);
    match ctx.attempt() {
        1 => Err(CallError::NoAnswer),
        _ => Err(CallError::NotAllowed),
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub OrderTwice(how: String) -> Result<String, CallError> {
        ordered = order_twice(&how);
        ordered
    }
}

#[test]
fn a_refusal_after_an_answer_that_was_lost_is_undone() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, OrderTwice).await;
        let run = orch.start(OrderTwice, "tea".into()).id("r").await.unwrap();
        assert!(run.result().await.is_err());
    });
    assert_eq!(world.calls("order_twice"), 2);
    assert_eq!(
        world.keys("call_off"),
        ["tea failed failed: r/ordered~undo"]
    );
}

#[test]
fn what_is_done_again_after_it_was_undone_has_a_key_of_its_own() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Order).await;
        let run = orch.start(Order, "tea".into()).id("r").await.unwrap();
        assert!(run.result().await.is_err());
        for left in [1, 0] {
            orch.runs().unwrap().retry("r").await.unwrap();
            let run = orch.start(Order, "tea".into()).id("r").await.unwrap();
            assert_eq!(usize::from(run.result().await.is_err()), left);
        }
        let keys = ["r/ordered", "r/ordered~again1", "r/ordered~again2"];
        assert_eq!(world.keys("order"), keys);
        let undone = [0, 1].map(|idx| format!("tea done tea: {}~undo", keys[idx]));
        assert_eq!(world.keys("call_off"), undone);
    });
}
