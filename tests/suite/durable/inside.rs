//! Workflows inside others.

use orch::StartError;
use orch::prelude::*;
use orch::store::Memory;

use super::{Process, World, orchestrator};

#[step]
async fn work(name: &str, n: u32, #[resource] world: &World, #[ctx] ctx: &StepCtx) -> u32 {
    world.called(name, &ctx.idempotency_key());
    n + 1
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Asked(_n: u32) -> u32 {
        answer = signal::<u32>();
        answer.unwrap_or_default()
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Between(n: u32) -> u32 {
        Asked::run(n)
    }
}

workflow! {
    pub WaitsUnkept(n: u32) -> u32 {
        Between::run(n)
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Quick(n: u32) -> u32 {
        a = work("a", n);
        work("b", a)
    }
}

workflow! {
    pub RunsQuick(n: u32) -> u32 {
        Quick::run(n)
    }
}

#[test]
fn what_waits_is_refused_where_nothing_of_it_is_kept() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = orchestrator(&world, &store).build().await.unwrap();
        let error = orch.start(WaitsUnkept, 1).await.unwrap_err();
        let said = "workflow `Asked`, inside `WaitsUnkept`, is durable and waits (`signal`), and `WaitsUnkept` or one between them is not durable, so that nothing of it is kept: say `#[workflow(durable)]` of each workflow around `Asked`";
        assert_eq!((error.code(), error.to_string().as_str()), ("unkept", said));
        assert!(matches!(error, StartError::Unkept { inner: "Asked", wait: "signal", .. }));

        let builder = orchestrator(&world, &store).workflow(WaitsUnkept);
        assert_eq!(builder.build().await.unwrap_err().problems(), [said]);
    });
}

#[test]
fn what_does_not_wait_runs_in_memory_inside_one_that_is_not_durable() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = orchestrator(&world, &store)
            .workflow(RunsQuick)
            .build()
            .await
            .unwrap();
        let run = orch.start(RunsQuick, 1).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), 3);
        assert_eq!(world.calls("b"), 1);
        let kept = orch.runs().unwrap().list(Default::default()).await.unwrap();
        assert!(kept.is_empty(), "nothing of it is kept: {kept:?}");
    });
}
