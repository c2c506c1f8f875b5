//! Runs that are taken up again.

use orch::prelude::*;
use orch::store::Memory;

use super::{Process, World, serving};

#[step]
async fn first(n: u32, #[resource] world: &World, #[ctx] ctx: &StepCtx) -> u32 {
    world.called("first", &ctx.idempotency_key());
    n + 1
}

#[step]
async fn second(n: u32, #[resource] world: &World, #[ctx] ctx: &StepCtx) -> u32 {
    world.called("second", &ctx.idempotency_key());
    world.pass("second").await;
    n * 10
}

#[step]
async fn third(a: u32, b: u32, #[resource] world: &World) -> String {
    world.called("third", "");
    format!("{a} and {b}")
}

workflow! {
    #[workflow(version = "1.0.0", durable)]
    pub Chain(n: u32) -> String {
        a = first(n);
        b = second(a);
        third(a, b)
    }
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Chain).await;
        orch.start(Chain, 4).id("order-42").await.unwrap();
        world.until("second", 1).await;
    });
    before.kill(&store);

    let after = Process::new();
    after.run(async {
        let orch = serving(&world, &store, Chain).await;
        world.open("second", 1);
        let run = orch.start(Chain, 4).id("order-42").await.unwrap();
        assert_eq!(run.result().await.unwrap(), "5 and 50");
    });
    assert_eq!(
        world.calls("first"),
        1,
        "what was recorded is not called again"
    );
    assert_eq!(world.calls("second"), 2, "what was not recorded is");
    assert_eq!(world.keys("second"), ["order-42/b", "order-42/b"]);
    assert_eq!(world.calls("third"), 1);
}

#[test]
fn the_same_id_twice_is_one_run() {
    let (world, store) = (World::default(), Memory::new());
    world.open("second", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Chain).await;
        let (a, b) = (orch.start(Chain, 1).id("x"), orch.start(Chain, 1).id("x"));
        let (a, b) = tokio::join!(async { a.await.unwrap().result().await }, async {
            b.await.unwrap().result().await
        });
        assert_eq!(
            (a.unwrap().as_str(), b.unwrap().as_str()),
            ("2 and 20", "2 and 20")
        );
        let again = orch.start(Chain, 7).id("x").await.unwrap();
        assert_eq!(again.result().await.unwrap(), "2 and 20");
    });
    assert_eq!(world.calls("first"), 1);
}

#[step]
async fn unfetch(_outcome: Outcome<&u32>, n: u32, #[resource] world: &World, #[ctx] ctx: &StepCtx) {
    world.called(&format!("undo {n}"), &ctx.idempotency_key());
}

#[step(compensate = unfetch)]
async fn fetch(
    n: u32,
    #[resource] world: &World,
    #[ctx] ctx: &StepCtx,
) -> Result<u32, std::io::Error> {
    world.called("fetch", &ctx.idempotency_key());
    match n {
        1 => Err(std::io::Error::other("not there")),
        n => Ok(n),
    }
}

#[step]
async fn gives_up(n: u32) -> Result<u32, std::io::Error> {
    Err(std::io::Error::other(format!("gives up at {n}")))
}

workflow! {
    #[workflow(version = "1.0.0", durable)]
    pub Fallback(n: u32) -> u32 {
        got = fetch(n).or_else(fetch(n + 1));
        gives_up(got)
    }
}

#[test]
fn a_fallback_and_what_undoes_it_have_keys_of_their_own() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Fallback).await;
        let run = orch.start(Fallback, 1).id("r").await.unwrap();
        assert!(run.result().await.is_err());
    });
    assert_eq!(world.keys("fetch"), ["r/got", "r/got~1"]);
    assert_eq!(world.keys("undo 2"), ["r/got~1~undo"]);
    assert_eq!(
        world.calls("undo 1"),
        0,
        "what failed cleanly is not undone"
    );
}
