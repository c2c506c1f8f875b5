//! Failures that somebody is told of: once each, and until somebody has done something about them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch::prelude::*;
use orch::store::Memory;
use orch::testing::{TestRun, paused};
use orch::{Builder, InboxItem, RunEvent, RunEventKind, RunStatus, Runs};

use super::{Process, World, orchestrator};

#[step(retries = 2, backoff = "1ms..1ms", notify_human)]
async fn fragile(n: u32, #[resource] world: &World) -> Result<u32, std::fmt::Error> {
    world.called("fragile", "");
    match n {
        0 => Err(std::fmt::Error),
        _ => Ok(n),
    }
}

#[step]
async fn gated(n: u32, #[resource] world: &World) -> u32 {
    world.called("gated", "");
    world.pass("gate").await;
    n
}

#[step]
fn zero() -> u32 {
    0
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Job(n: u32) -> u32 {
        #[node(allow_skip = "nobody misses it")]
        first = fragile(n);
        second = gated(n);
        first.unwrap_or(7) + second
    }
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Items(many: u32) -> usize {
        #[node(tolerate = "100%")]
        all = for x in 0..many { fragile(x % 2) };
        all.len()
    }
}

workflow! {
    pub Unkept(n: u32) -> u32 {
        #[node(notify_human = false)]
        quiet = fragile(n).or_else(zero());
        #[node(optional)]
        loud = fragile(n);
        quiet + loud.unwrap_or(1)
    }
}

workflow! {
    pub Saved(n: u32) -> u32 { fragile(n).or_else(zero()) }
}

/// The nodes, with their attempts, that somebody was told of.
type Told = Arc<Mutex<Vec<(String, u32)>>>;

fn telling(builder: Builder, told: &Told) -> Builder {
    let told = Arc::clone(told);
    builder.on_event(move |event: &RunEvent| {
        if let RunEventKind::HumanAttention { error } = &event.kind {
            let node = (error.node().to_owned(), error.attempt());
            told.lock().unwrap().push(node);
        }
    })
}

fn take(told: &Told) -> Vec<(String, u32)> {
    std::mem::take(&mut *told.lock().unwrap())
}

/// Waits until so many items are in the inbox.
async fn inbox(runs: &Runs, count: usize) -> Vec<InboxItem> {
    for _ in 0..2_000 {
        let items = runs.inbox().await.unwrap();
        if items.len() == count {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("there are not {count} items: {:?}", runs.inbox().await);
}

#[test]
fn somebody_is_told_once_whatever_happens_to_the_process() {
    let (world, store, told) = (World::default(), Memory::new(), Told::default());
    let build = || telling(orchestrator(&world, &store).workflow(Job), &told).build();
    let process = Process::new();
    process.run(async {
        let orch = build().await.unwrap();
        let runs = orch.runs().unwrap();
        orch.start(Job, 0).id("r").await.unwrap();
        world.until("gated", 1).await;
        let items = inbox(&runs, 1).await;
        assert_eq!(items[0].run.as_str(), "r");
        assert_eq!((&*items[0].workflow, &*items[0].node), ("Job", "first"));
        assert_eq!(items[0].error["code"], "failed");
        assert_eq!(items[0].error["attempt"], 3);
        assert_eq!(world.calls("fragile"), 3);
        // It is on record first.
        while told.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    process.kill(&store);
    assert_eq!(take(&told), [("first".to_owned(), 3)]);
    Process::new().run(async {
        let orch = build().await.unwrap();
        let runs = orch.runs().unwrap();
        world.open("gate", 9);
        let run = orch.start(Job, 0).id("r").await.unwrap();
        run.result().await.unwrap_err();
        assert_eq!(take(&told), [], "it was told before");
        assert_eq!(runs.inbox().await.unwrap().len(), 1);
        assert_eq!(world.calls("fragile"), 3);

        // Failing again is another exhaustion, and closes what was open.
        runs.retry("r").await.unwrap();
        let again = orch.start(Job, 0).id("r").await.unwrap();
        again.result().await.unwrap_err();
        assert_eq!(take(&told), [("first".to_owned(), 3)]);
        assert_eq!(runs.inbox().await.unwrap().len(), 1);

        runs.skip("r", "first", "ada").await.unwrap();
        assert_eq!(runs.inbox().await.unwrap(), []);
        let skipped = orch.start(Job, 0).id("r").await.unwrap();
        assert_eq!(skipped.result().await.unwrap(), 7);
        assert_eq!(take(&told), []);
    });
}

#[test]
fn an_item_is_closed_by_whatever_is_done_about_it() {
    let (world, store, told) = (World::default(), Memory::new(), Told::default());
    world.open("gate", 9);
    Process::new().run(async {
        let builder = orchestrator(&world, &store).workflow(Job).workflow(Items);
        let orch = telling(builder, &told).build().await.unwrap();
        let runs = orch.runs().unwrap();
        for id in ["a", "b", "c"] {
            let run = orch.start(Job, 0).id(id).await.unwrap();
            run.result().await.unwrap_err();
        }
        let ids = |items: Vec<InboxItem>| -> Vec<String> {
            items.iter().map(|item| item.run.to_string()).collect()
        };
        let mut open = ids(runs.inbox().await.unwrap());
        open.sort();
        assert_eq!(open, ["a", "b", "c"]);
        runs.drop_dead("a", "it is of no use").await.unwrap();
        runs.dismiss("b", "first").await.unwrap();
        assert_eq!(ids(runs.inbox().await.unwrap()), ["c"]);
        assert_eq!(runs.get("b").await.unwrap().status, RunStatus::Failed);
        let refused = runs.dismiss("b", "first").await.unwrap_err();
        assert_eq!(refused.to_string(), "node `first` is not in the inbox");
        runs.delete("c").await.unwrap();
        assert_eq!(runs.inbox().await.unwrap(), []);
        // Nothing is left of them in the store.
        let left = orch::store::Store::scan(&store, "inbox", 0).unwrap();
        assert_eq!(left, []);

        // Each item of a fan-out is one, also where its failure is tolerated.
        let run = orch.start(Items, 4).id("items").await.unwrap();
        assert_eq!(run.result().await.unwrap(), 4);
        let items = runs.inbox().await.unwrap();
        let mut nodes: Vec<&str> = items.iter().map(|item| &*item.node).collect();
        nodes.sort_unstable();
        assert_eq!(nodes, ["all/fragile/0", "all/fragile/2"]);
    });
    assert_eq!(take(&told).len(), 5);
}

#[test]
fn a_run_that_is_not_kept_tells_as_well() {
    let told = Told::default();
    let with = |builder| telling(builder, &told);
    let world = World::default();
    paused(async {
        let run = TestRun::of(Unkept).resource(world.clone()).with(with);
        assert_eq!(run.run(0).await.unwrap().result.unwrap(), 1);
        assert_eq!(take(&told), [("loud".to_owned(), 3)]);
        let run = TestRun::of(Saved).resource(world.clone()).with(with);
        assert_eq!(run.run(0).await.unwrap().result.unwrap(), 0);
        assert_eq!(take(&told), [], "the fallback saved it");
    })
    .unwrap();
}
