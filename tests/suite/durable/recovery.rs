//! Runs that are taken up again.

use orch::prelude::*;
use orch::store::Memory;

use super::{Process, World, orchestrator};

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
        let orch = orchestrator(&world, &store)
            .workflow(Chain)
            .build()
            .await
            .unwrap();
        orch.start(Chain, 4).id("order-42").await.unwrap();
        world.until("second", 1).await;
    });
    before.kill(&store);

    let after = Process::new();
    after.run(async {
        let orch = orchestrator(&world, &store)
            .workflow(Chain)
            .build()
            .await
            .unwrap();
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
        let orch = orchestrator(&world, &store)
            .workflow(Chain)
            .build()
            .await
            .unwrap();
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
