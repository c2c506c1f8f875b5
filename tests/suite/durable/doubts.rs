//! What is undone after a crash.

use orch::RunStatus;
use orch::prelude::*;
use orch::store::Memory;
use orch::testing::paused;

use super::{Process, World, cancel_meanwhile, orchestrator, serving};

#[step]
async fn give_back(outcome: Outcome<&u32>, name: &str, #[resource] world: &World) {
    let how = match outcome {
        Outcome::Done(value) => format!("done {value}"),
        Outcome::Pending => "in doubt".to_owned(),
        other => format!("{other:?}"),
    };
    world.called(&format!("give back {name}"), &how);
}

#[step(compensate = give_back)]
async fn take(name: &str, #[resource] world: &World) -> u32 {
    world.called(name, "");
    world.pass(name).await;
    7
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Taken(n: u32) -> u32 {
        a = take("a");
        #[node(after = [a])]
        b = take("b");
        #[node(after = [a])]
        c = take("c");
        a + b + c + n
    }
}

#[test]
fn what_was_under_way_in_a_crash_is_undone_by_a_cancellation_that_came_meanwhile() {
    let (world, store) = (World::default(), Memory::new());
    world.open("a", 1);
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Taken).await;
        orch.start(Taken, 1).id("r").await.unwrap();
        world.until("b", 1).await;
        world.until("c", 1).await;
    });
    before.kill(&store);
    cancel_meanwhile(&store, "r");
    paused(async {
        let builder = orchestrator(&world, &store).workflow(Taken).virtual_time();
        let orch = builder.build().await.unwrap();
        let run = orch.start(Taken, 1).id("r").await.unwrap();
        assert_eq!(
            run.result().await.unwrap_err().status(),
            RunStatus::Cancelled
        );
    })
    .unwrap();
    assert_eq!(world.keys("give back b"), ["in doubt"]);
    assert_eq!(world.keys("give back c"), ["in doubt"]);
    assert_eq!(world.keys("give back a"), ["done 7"]);
    assert_eq!((world.calls("b"), world.calls("c")), (1, 1));
}
