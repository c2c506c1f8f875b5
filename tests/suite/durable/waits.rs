//! Signals and sleeps: what waits is not in memory, and goes on when it is time.

use std::time::Duration;

use orch::prelude::*;
use orch::store::Memory;
use orch::testing::paused;
use orch::{RunStatus, durable::Signal};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Process, World, orchestrator, serving, stands};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    by: String,
    limit: u32,
}

#[step]
fn open_request(amount: u32, #[resource] world: &World) -> u32 {
    world.called("open", "");
    amount
}

#[step]
fn close_request(amount: u32, approval: Option<Approval>, #[resource] world: &World) -> String {
    world.called("close", "");
    match approval {
        Some(approval) => format!("{amount} of {} by {}", approval.limit, approval.by),
        None => format!("{amount} by nobody"),
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Request(amount: u32) -> String {
        opened = open_request(amount);
        #[node(after = [opened])]
        finance = signal::<Approval>(timeout = "3d");
        close_request(opened, finance)
    }
}

workflow! {
    pub InMemory(amount: u32) -> String {
        finance = signal::<Approval>(timeout = "1h");
        close_request(amount, finance)
    }
}

#[step]
async fn look_up(what: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(2)).await;
    what
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Both() -> u32 {
        left = look_up(1);
        right = look_up(2);
        #[node(after = [left])]
        one = signal::<u32>();
        #[node(after = [right])]
        two = signal::<u32>();
        one.unwrap_or(0) + two.unwrap_or(0)
    }
}

#[step]
fn remind(#[resource] world: &World) {
    world.called("remind", "");
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Reminders(days: u64) -> () {
        first = sleep("10d");
        #[node(after = [first])]
        one = remind();
        second = sleep(Duration::from_secs(days * 86_400));
        #[node(after = [second, one])]
        remind()
    }
}

fn approval() -> Approval {
    Approval {
        by: "Ada".into(),
        limit: 500,
    }
}

#[test]
fn a_signal_is_typed_kept_if_early_and_taken_once() {
    let (world, store) = (World::default(), Memory::new());
    let _: Signal<Request, Approval> = Request::finance;
    Process::new().run(async {
        let orch = serving(&world, &store, Request).await;
        let run = orch.start(Request, 300).id("r").await.unwrap();
        assert!(
            run.signal(Request::finance, approval())
                .event_id("mail-7")
                .await
                .unwrap()
        );
        let again = Approval {
            by: "Eve".into(),
            limit: 1,
        };
        // By then the run may have ended.
        match run.signal(Request::finance, again).event_id("mail-7").await {
            Ok(fresh) => assert!(!fresh),
            Err(error) => assert_eq!(error.code(), "ended"),
        }
        assert_eq!(run.result().await.unwrap(), "300 of 500 by Ada");
        let late = orch
            .runs()
            .unwrap()
            .signal("r", Request::finance, approval())
            .await;
        assert_eq!(
            late.unwrap_err().to_string(),
            "run r has ended: it is completed"
        );
    });
}

#[test]
fn a_run_that_waits_leaves_memory_and_survives_kills() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Request).await;
        let run = orch.start(Request, 300).id("r").await.unwrap();
        let info = stands(&orch, "r", RunStatus::Waiting).await;
        assert!(info.ready_at.unwrap() > info.started_at + 2 * 86_400_000);
        assert!(!run.is_finished());
    });
    before.kill(&store);
    Process::new().run(async {
        let orch = serving(&world, &store, Request).await;
        let run = orch.start(Request, 300).id("r").await.unwrap();
        run.signal(Request::finance, approval()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), "300 of 500 by Ada");
    });
    assert_eq!((world.calls("open"), world.calls("close")), (1, 1));
}

#[test]
fn a_run_leaves_memory_wherever_it_waits() {
    let store = Memory::new();
    Process::new().run(async {
        let builder = orchestrator(&World::default(), &store).workflow(Both);
        let orch = builder.max_active_runs(1).build().await.unwrap();
        let runs = orch.runs().unwrap();
        let mut handles = Vec::new();
        // There is room for the second one when the first one waits.
        for id in ["a", "b"] {
            handles.push(orch.start(Both, ()).id(id).await.unwrap());
        }
        for id in ["a", "b"] {
            while runs.get(id).await.unwrap().status != RunStatus::Waiting {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            for (signal, value) in [(Both::one, 3), (Both::two, 4)] {
                runs.signal(id, signal, value).await.unwrap();
            }
        }
        for handle in handles {
            assert_eq!(handle.result().await.unwrap(), 7);
        }
    });
}

#[test]
fn runs_that_wait_keep_no_others_waiting() {
    let (world, store) = (World::default(), Memory::new());
    let all_began = paused(async {
        let builder = orchestrator(&world, &store)
            .workflow(Request)
            .virtual_time();
        let orch = builder.max_active_runs(2).build().await.unwrap();
        let begun = Instant::now();
        for amount in 0..20 {
            orch.start(Request, amount).await.unwrap();
        }
        world.until("open", 20).await;
        begun.elapsed()
    });
    assert!(all_began.unwrap() < Duration::from_secs(1));
}

#[test]
fn nobody_answers_and_time_is_over() {
    let (world, store) = (World::default(), Memory::new());
    let given = paused(async {
        let builder = orchestrator(&world, &store)
            .workflow(Request)
            .virtual_time();
        let orch = builder.build().await.unwrap();
        let begun = Instant::now();
        let given = orch
            .start(Request, 300)
            .await
            .unwrap()
            .result()
            .await
            .unwrap();
        assert_eq!(begun.elapsed().as_secs() / 86_400, 3);
        given
    });
    assert_eq!(given.unwrap(), "300 by nobody");
}

#[test]
fn thirty_days_are_over_in_no_time() {
    let (world, store) = (World::default(), Memory::new());
    let real = std::time::Instant::now();
    paused(async {
        let builder = orchestrator(&world, &store)
            .workflow(Reminders)
            .virtual_time();
        let orch = builder.build().await.unwrap();
        let begun = Instant::now();
        orch.start(Reminders, 30)
            .id("r")
            .await
            .unwrap()
            .result()
            .await
            .unwrap();
        assert_eq!(begun.elapsed().as_secs() / 86_400, 30);
        assert_eq!(world.calls("remind"), 2);
    })
    .unwrap();
    assert!(real.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_signal_reaches_a_run_that_is_not_durable() {
    paused(async {
        let world = World::default();
        let orch = Orchestrator::builder()
            .resource(world)
            .build()
            .await
            .unwrap();
        let run = orch.start(InMemory, 3).await.unwrap();
        run.signal(InMemory::finance, approval()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), "3 of 500 by Ada");
        let run = orch.start(InMemory, 3).await.unwrap();
        assert_eq!(run.result().await.unwrap(), "3 by nobody");
    })
    .unwrap();
}

#[step]
async fn takes_a_second(#[resource] world: &World) {
    world.called("second", "");
    tokio::time::sleep(Duration::from_secs(1)).await;
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Beside(days: u64) -> u64 {
        early = takes_a_second();
        other = takes_a_second();
        #[node(after = [early])]
        one = sleep(Duration::from_secs(days * 86_400));
        #[node(after = [other])]
        two = sleep(Duration::from_secs(days * 86_400));
        #[node(after = [one, two])]
        remind();
        days
    }
}

#[test]
fn a_run_whose_branches_end_in_waits_leaves_memory() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let builder = orchestrator(&world, &store).workflow(Beside).virtual_time();
        let orch = builder.build().await.unwrap();
        let run = orch.start(Beside, 3).id("r").await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        let info = orch.runs().unwrap().get("r").await.unwrap();
        assert_eq!(info.status, RunStatus::Waiting);
        assert_eq!(run.result().await.unwrap(), 3);
    })
    .unwrap();
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Votes(n: u32) -> u32 {
        votes = for _ in 0..n {
            vote = signal::<u32>();
            vote.unwrap_or_default()
        };
        votes.iter().sum::<u32>()
    }
}

#[test]
fn a_signal_that_nobody_waits_for_is_refused() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = super::serving(&world, &store, Votes).await;
        let run = orch.start(Votes, 2).id("r").await.unwrap();
        let runs = orch.runs().unwrap();
        let five = serde_json::json!(5);
        let refused = runs.signal_json("r", "vot", &five).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "node `vot` waits for no signal in this workflow"
        );
        for without in [runs.signal("r", Votes::vote, 5), run.signal(Votes::vote, 5)] {
            let refused = without.await.unwrap_err().to_string();
            assert!(
                refused.ends_with("with `.item(n)`, once for each `for` around it"),
                "{refused}"
            );
        }
        let many = serde_json::json!("many");
        let refused = runs
            .signal_json("r", "votes/vote/0", &many)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "value");
        // What operators ask for is asked in their words, by those who may.
        for name in ["@cancel", "@decide/vote", "@"] {
            let refused = runs.signal_json("r", name, &five).await.unwrap_err();
            assert!(refused.to_string().contains("is no node"), "{refused}");
        }
        assert_eq!(
            runs.signal_json("x", "vote", &five)
                .await
                .unwrap_err()
                .code(),
            "no_run"
        );
        runs.signal("r", Votes::vote, 5).item(0).await.unwrap();
        run.signal(Votes::vote, 7).item(1).await.unwrap();
        assert_eq!(run.result().await.unwrap(), 12);
    });
}
