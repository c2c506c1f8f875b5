//! Every form of the language, killed in the middle and taken up again.

use std::time::Duration;

use orch::prelude::*;
use orch::store::{EntryKind, Memory};

use super::{Process, World, serving};

#[step]
async fn work(name: &str, n: u32, #[resource] world: &World, #[ctx] ctx: &StepCtx) -> u32 {
    world.called(name, &ctx.idempotency_key());
    n + 1
}

#[step]
async fn gated(name: &str, n: u32, #[resource] world: &World, #[ctx] ctx: &StepCtx) -> u32 {
    world.called(name, &ctx.idempotency_key());
    world.pass(name).await;
    n + 1
}

#[step]
async fn fails(name: &str, #[resource] world: &World) -> Result<u32, std::io::Error> {
    world.called(name, "");
    Err(std::io::Error::other("no such luck"))
}

#[step]
fn numbers(count: u32) -> Vec<u32> {
    (0..count).collect()
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Wave(n: u32) -> Vec<u32> {
        left = work("left", n);
        right = gated("right", n);
        top = work("top", left);
        vec![*left, *right, *top]
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Fan(count: u32) -> u32 {
        all = numbers(count);
        #[node(concurrency = 4)]
        done = for n in &all { one = work("one", *n); gated("two", one) };
        done.iter().sum::<u32>()
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Branches(n: u32) -> u32 {
        small = work("small", n);
        taken = if small > 3 { big = work("big", small); gated("after", big) } else { work("else", small) };
        taken + 1
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Failing(n: u32) -> Result<u32, std::io::Error> {
        #[node(optional)]
        missing = fails("optional");
        other = fails("first").or_else(work("fallback", n));
        last = gated("last", other);
        #[node(finally)]
        work("cleanup", n);
        #[node(after = [last])]
        bad = fails("bad");
        missing.unwrap_or(0) + last + bad
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Inner(n: u32) -> u32 {
        a = work("inner-a", n);
        gated("inner-b", a)
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Outer(n: u32) -> u32 {
        x = work("outer", n);
        y = Inner::run(x);
        work("outer-end", y)
    }
}

#[step]
async fn turn(
    state: u32,
    #[resource] world: &World,
    #[ctx] ctx: &StepCtx,
) -> ControlFlow<String, u32> {
    world.called("turn", &ctx.idempotency_key());
    if state == 3 {
        world.pass("turn").await;
        return ControlFlow::Break(format!("after {state}"));
    }
    ControlFlow::Continue(state + 1)
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Loop(n: u32) -> String {
        end = turn(n).repeat(max = 9);
        end
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Transient(n: u32) -> u32 {
        #[node(transient)]
        cheap = work("cheap", n);
        dear = work("dear", cheap);
        gated("gate", dear)
    }
}

/// Runs a workflow until `gate` is reached so often, kills the process, opens the gate and waits for the result.
pub fn killed<W: Workflow + Copy>(
    workflow: W,
    input: W::Input,
    again: W::Input,
    gate: &str,
    reached: usize,
    world: &World,
) -> Result<W::Output, RunError<W::Error>> {
    let store = Memory::new();
    let before = Process::new();
    before.run(async {
        let orch = serving(world, &store, workflow).await;
        orch.start(workflow, input).id("run").await.unwrap();
        world.until(gate, reached).await;
        // What goes on beside the gate is to be recorded.
        tokio::time::sleep(Duration::from_millis(30)).await;
    });
    before.kill(&store);
    world.open(gate, 100_000);
    Process::new().run(async {
        let orch = serving(world, &store, workflow).await;
        orch.start(workflow, again)
            .id("run")
            .await
            .unwrap()
            .result()
            .await
    })
}

#[test]
fn nodes_beside_the_one_that_was_under_way_are_not_called_again() {
    let world = World::default();
    assert_eq!(killed(Wave, 1, 1, "right", 1, &world).unwrap(), [2, 2, 3]);
    assert_eq!(
        (
            world.calls("left"),
            world.calls("top"),
            world.calls("right")
        ),
        (1, 1, 2)
    );
}

#[test]
fn a_fan_out_goes_on_at_the_item() {
    let world = World::default();
    world.open("two", 5);
    let sum = killed(Fan, 12, 12, "two", 9, &world).unwrap();
    assert_eq!(sum, (0..12).map(|n| n + 2).sum::<u32>());
    assert_eq!(world.calls("one"), 12, "each item's first step ran once");
    assert_eq!(
        world.calls("two"),
        12 + 4,
        "the four that were under way ran again"
    );
}

#[test]
fn a_branch_goes_on_in_the_arm_that_was_taken() {
    let world = World::default();
    assert_eq!(killed(Branches, 5, 5, "after", 1, &world).unwrap(), 9);
    assert_eq!(
        (
            world.calls("small"),
            world.calls("big"),
            world.calls("after")
        ),
        (1, 1, 2)
    );
}

#[test]
fn failures_are_recorded_too() {
    let world = World::default();
    let error = killed(Failing, 1, 1, "last", 1, &world).unwrap_err();
    assert!(error.to_string().contains("no such luck"), "{error}");
    for once in ["optional", "first", "fallback", "bad", "cleanup"] {
        assert_eq!(world.calls(once), 1, "{once}");
    }
}

#[test]
fn a_workflow_inside_goes_on_where_it_was() {
    let world = World::default();
    assert_eq!(killed(Outer, 1, 1, "inner-b", 1, &world).unwrap(), 5);
    assert_eq!(
        (
            world.calls("outer"),
            world.calls("inner-a"),
            world.calls("inner-b")
        ),
        (1, 1, 2)
    );
    assert_eq!(world.keys("inner-b"), ["run/y/gated", "run/y/gated"]);
    assert_eq!(world.calls("outer-end"), 1);
}

#[test]
fn turns_are_not_taken_again() {
    let world = World::default();
    assert_eq!(killed(Loop, 0, 0, "turn", 4, &world).unwrap(), "after 3");
    assert_eq!(
        world.keys("turn"),
        [
            "run/end",
            "run/end#1",
            "run/end#2",
            "run/end#3",
            "run/end#3"
        ]
    );
}

#[test]
fn transient_values_are_computed_again() {
    let world = World::default();
    assert_eq!(killed(Transient, 1, 1, "gate", 1, &world).unwrap(), 4);
    assert_eq!(
        (
            world.calls("cheap"),
            world.calls("dear"),
            world.calls("gate")
        ),
        (2, 1, 2)
    );
}

#[test]
fn what_is_recorded_can_be_read() {
    let (world, store) = (World::default(), Memory::new());
    world.open("right", 1);
    Process::new().run(async {
        let orch = serving(&world, &store, Wave).await;
        orch.start(Wave, 1)
            .id("run")
            .await
            .unwrap()
            .result()
            .await
            .unwrap();
        let history = orch.runs().unwrap().history("run").await.unwrap();
        let mut entries: Vec<_> = history
            .entries
            .iter()
            .map(|entry| (entry.node.as_str(), entry.kind, entry.value.as_deref()))
            .collect();
        entries.sort_by_key(|(node, ..)| *node);
        assert_eq!(
            entries,
            [
                ("left", EntryKind::Done, Some("2")),
                ("right", EntryKind::Done, Some("2")),
                ("top", EntryKind::Done, Some("3"))
            ]
        );
        assert_eq!(history.run.output.as_deref(), Some("[2,2,3]"));
        assert_eq!(history.run.status, orch::RunStatus::Completed);
    });
}
