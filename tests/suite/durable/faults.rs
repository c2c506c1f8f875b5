//! Faults that follow from a seed, for the tests of those who write workflows.

use std::time::Duration;

use orch::RunStatus;
use orch::prelude::*;
use orch::testing::{Faults, TestRun, Tested, paused};

use super::World;

#[step(retries = 8, backoff = "1s..1m")]
async fn charge(n: u32, #[resource] world: &World, #[ctx] ctx: &StepCtx) -> u32 {
    world.called("charge", &ctx.idempotency_key());
    n + 1
}

#[step]
async fn pack(n: u32, #[resource] world: &World) -> u32 {
    world.called("pack", &n.to_string());
    n * 2
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Order(n: u32) -> u32 {
        charged = charge(n);
        wait = sleep("1d");
        #[node(after = [wait])]
        parcels = for k in &[1_u32, 2, 3, 4] { pack(*k) };
        parcels.iter().sum::<u32>() + charged
    }
}

workflow! {
    pub InMemory(n: u32) -> u32 {
        charged = charge(n);
        charged
    }
}

fn tested(faults: Faults, world: &World) -> Tested<Order> {
    let run = TestRun::of(Order).resource(world.clone()).faults(faults);
    paused(run.run(1)).unwrap().unwrap()
}

#[test]
fn a_durable_workflow_is_tested_in_memory_and_in_no_time() {
    let world = World::default();
    let tested = tested(Faults::seeded(0), &world);
    assert_eq!(tested.result.unwrap(), 22);
    assert_eq!((world.calls("charge"), world.calls("pack")), (1, 4));
}

#[test]
fn kills_lose_nothing_and_the_same_seed_is_the_same_trace() {
    let mut again = 0;
    for seed in 0..40 {
        let trace = || {
            let world = World::default();
            let faults = Faults::seeded(seed).fail("charged", 0.4).kill(0.3);
            let tested = tested(faults, &world);
            assert_eq!(tested.result.unwrap(), 22, "seed {seed}");
            let charged = world.keys("charge");
            assert!(!charged.is_empty());
            assert!(charged.iter().all(|key| *key == charged[0]), "one key");
            let failed = tested.events.len();
            (charged.len(), world.calls("pack"), failed)
        };
        let first = trace();
        assert_eq!(first, trace(), "seed {seed}");
        again += first.0 + first.1 - 5;
    }
    assert!(again > 0, "nothing was under way when it was killed");
}

#[test]
fn a_run_that_cannot_be_read_is_taken_up_later() {
    for seed in 0..20 {
        let world = World::default();
        let tested = tested(Faults::seeded(seed).kill(0.3).unread(0.6), &world);
        assert_eq!(tested.result.unwrap(), 22, "seed {seed}");
    }
}

#[test]
fn calls_fail_wait_and_panic_as_often_as_is_said() {
    let world = World::default();
    let all = tested(Faults::seeded(1).fail("parcels/pack", 1.0), &world);
    let error = all.result.unwrap_err();
    assert_eq!(error.status(), RunStatus::Failed);
    assert!(error.to_string().contains("a fault of the test"), "{error}");
    assert_eq!(world.calls("pack"), 0);

    let world = World::default();
    let error = tested(Faults::seeded(1).panic("parcels/pack", 1.0), &world).result;
    assert_eq!(error.unwrap_err().status(), RunStatus::Panicked);

    let world = World::default();
    let wait = Duration::from_secs(3_600);
    let took = paused(async {
        let begun = tokio::time::Instant::now();
        let faults = Faults::seeded(1).delay("charged", 1.0, wait);
        let run = TestRun::of(InMemory).resource(world.clone()).faults(faults);
        assert_eq!(run.run(1).await.unwrap().result.unwrap(), 2);
        begun.elapsed()
    });
    assert_eq!(took.unwrap(), wait);

    let world = World::default();
    let faults = Faults::seeded(3).fail("charged", 0.5);
    let run = TestRun::of(InMemory).resource(world.clone()).faults(faults);
    let tested = paused(run.run(1)).unwrap().unwrap();
    assert_eq!(tested.result.unwrap(), 2, "what fails is retried");
}
