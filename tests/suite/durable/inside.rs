//! Workflows inside others.

use orch::prelude::*;
use orch::store::{EntryKind, Filter, Memory};
use orch::{RunId, RunStatus, StartError};

use super::{Process, World, orchestrator, serving, stands};

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
        let orch = serving(&world, &store, RunsQuick).await;
        let run = orch.start(RunsQuick, 1).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), 3);
        assert_eq!(world.calls("b"), 1);
        let kept = orch.runs().unwrap().list(Default::default()).await.unwrap();
        assert!(kept.is_empty(), "nothing of it is kept: {kept:?}");
    });
}

#[step]
async fn holds(name: &str, n: u32, #[resource] world: &World) -> Result<u32, std::io::Error> {
    world.called(name, "");
    world.pass(name).await;
    if n == 7 && world.calls(name) == 1 {
        return Err(std::io::Error::other("not at first"));
    }
    Ok(n)
}

workflow! {
    #[workflow(version = "2", durable)]
    pub Innermost(n: u32) -> Result<u32, std::io::Error> {
        held = holds("innermost", n);
        held
    }
}

workflow! {
    #[workflow(version = "3", durable)]
    pub Middle(n: u32) -> u32 {
        before = work("before", n);
        #[node(after = [before])]
        deep = Innermost::run(n);
        deep
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Family(n: u32) -> u32 {
        first = Quick::run(n);
        #[node(after = [first])]
        each = for x in 0..2_u32 { Quick::run(x) };
        #[node(after = [each])]
        audit = Middle::run(n);
        audit + first
    }
}

fn seen(runs: &[orch::RunInfo]) -> Vec<String> {
    let told = runs.iter().map(|run| {
        let (status, node) = (run.status.as_str(), run.node.as_deref().unwrap_or_default());
        format!("{} {} {node} {status}", run.id, run.workflow)
    });
    told.collect()
}

#[test]
fn runs_inside_are_seen_while_they_go_on_and_after_a_kill() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Family).await;
        orch.start(Family, 7).id("order/42").await.unwrap();
        world.until("innermost", 1).await;
        let runs = orch.runs().unwrap();
        let children = runs.children("order/42").await.unwrap();
        let expected = [
            "order/42/first Quick first completed",
            "order/42/each/quick/0 Quick each/quick/0 completed",
            "order/42/each/quick/1 Quick each/quick/1 completed",
            "order/42/audit Middle audit running",
        ];
        let mut told = seen(&children);
        told[1..3].sort();
        assert_eq!(told, expected);
        let first = &children[0];
        assert_eq!(first.parent, Some(RunId::new("order/42")));
        assert!(first.ended_at.unwrap() >= first.started_at && children[3].ended_at.is_none());
    });
    before.kill(&store);
    world.open("innermost", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Family).await;
        let runs = orch.runs().unwrap();
        let run = orch.start(Family, 7).id("order/42").await.unwrap();
        run.result().await.unwrap();
        let audit = runs.get("order/42/audit").await.unwrap();
        assert_eq!(
            (audit.status, audit.version.as_str()),
            (RunStatus::Completed, "3")
        );
        let deep = runs.children("order/42/audit").await.unwrap();
        assert_eq!(
            seen(&deep),
            ["order/42/audit/deep Innermost audit/deep completed"]
        );

        let history = runs.history("order/42/audit").await.unwrap();
        assert_eq!(
            (history.run.id.as_str(), history.run.workflow.as_str()),
            ("order/42/audit", "Middle")
        );
        let done = history
            .entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Done);
        let done: Vec<&str> = done.map(|entry| entry.node.as_str()).collect();
        assert_eq!(done, ["before", "deep/held"]);

        let of = Filter {
            parent: Some(RunId::new("order/42")),
            workflow: Some("Quick".to_owned()),
            limit: 2,
            ..Filter::default()
        };
        let listed = runs.list(of).await.unwrap();
        assert_eq!(listed.len(), 2, "{listed:?}");
        assert!(listed.iter().all(|run| run.workflow == "Quick"));

        assert_eq!(
            runs.get("order/42/nothing").await.unwrap_err().code(),
            "no_run"
        );
        let steered = runs
            .cancel("order/42/audit", "it is no run of its own")
            .await;
        assert_eq!(steered.unwrap_err().code(), "inside");
    });
    let begun = |history: &orch::store::History, id: &str| {
        history
            .entries
            .iter()
            .filter(|entry| entry.node == format!("@child/{id}"))
            .count()
    };
    let key = orch::store::Store::find(&store, &RunId::new("order/42"))
        .unwrap()
        .unwrap()
        .key;
    let history = orch::store::Store::load(&store, key).unwrap().unwrap();
    assert_eq!(
        begun(&history, "audit"),
        2,
        "its beginning and its end, each once"
    );
}

#[step]
fn report(n: u32, #[resource] world: &World) -> u32 {
    world.called("report", &n.to_string());
    n
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Audit(n: u32) -> u32 {
        answer = signal::<u32>(timeout = "1h");
        #[node(checkpoint_after(approvers = ["ada"]))]
        report = report(n + answer.unwrap_or_default());
        report
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Audited(n: u32) -> u32 {
        audits = for k in 0..n { Audit::run(k) };
        audits.iter().sum::<u32>()
    }
}

#[test]
fn signals_and_decisions_name_the_run_inside() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let builder = orchestrator(&world, &store).workflow(Audited);
        let orch = builder.workflow(Audit).build().await.unwrap();
        let runs = orch.runs().unwrap();
        // An id may have a slash of its own.
        let run = orch.start(Audited, 2).id("shop/42").await.unwrap();
        for k in 0..2 {
            let id = format!("shop/42/audits/audit/{k}");
            while let Err(error) = runs.signal(&id, Audit::answer, 5).await {
                assert_eq!(error.code(), "no_run", "it is on record a little later");
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            let waiting = loop {
                match &runs.checkpoints(&id).await.unwrap()[..] {
                    [] => tokio::time::sleep(std::time::Duration::from_millis(1)).await,
                    [waiting] => break waiting.clone(),
                    more => panic!("{more:?}"),
                }
            };
            let seen = (waiting.node.as_str(), &waiting.value);
            assert_eq!(seen, ("report", &(k + 5).into()));
            let of_all = runs.checkpoints("shop/42").await.unwrap();
            assert_eq!(of_all, [waiting], "with its own id");
            let refused = runs.approve(&id, "report", "eve", "").await.unwrap_err();
            assert_eq!(refused.code(), "not_allowed");
            let edited = serde_json::json!("many");
            let refused = runs.approve_with(&id, "report", "ada", "", &edited).await;
            assert_eq!(refused.unwrap_err().code(), "value");
            let edited = serde_json::json!(100 + k);
            let approved = runs.approve_with(&id, "report", "ada", "", &edited).await;
            approved.unwrap();
        }
        assert_eq!(run.result().await.unwrap(), 201);
        assert_eq!(world.keys("report"), ["5", "6"]);
        let refused = runs.retry("shop/42/audits/audit/0").await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "run shop/42/audits/audit/0 is inside run shop/42, and is steered with that: name shop/42"
        );
        let refused = runs.retry("shop/43/audits").await.unwrap_err();
        assert_eq!(refused.code(), "no_run");
    });
}

#[step]
fn stamp(#[resource] world: &World) -> Result<u32, NoInk> {
    world.called("stamp", "");
    Err(NoInk)
}

#[derive(Debug, thiserror::Error)]
#[error("there is no ink")]
pub struct NoInk;

workflow! {
    #[workflow(version = "1", durable)]
    pub Stamped(n: u32) -> u32 {
        #[node(allow_skip = "nobody sees that it was seen")]
        stamp = stamp();
        n + stamp.unwrap_or_default()
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Filed(n: u32) -> u32 {
        stamped = Stamped::run(n);
        stamped
    }
}

#[test]
fn what_failed_in_a_run_inside_is_skipped_there() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let builder = orchestrator(&world, &store).workflow(Filed);
        let orch = builder.workflow(Stamped).build().await.unwrap();
        let runs = orch.runs().unwrap();
        let run = orch.start(Filed, 2).id("r").await.unwrap();
        run.result().await.unwrap_err();
        runs.skip("r/stamped", "stamp", "ada").await.unwrap();
        let run = orch.start(Filed, 2).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), 2);
        assert_eq!(world.calls("stamp"), 1);
    });
}

#[step]
async fn stuck(n: u32) -> u32 {
    std::future::pending::<()>().await;
    n
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Stuck(n: u32) -> u32 {
        stuck(n)
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub GivesUp(n: u32) -> u32 {
        #[node(timeout = "50ms", optional)]
        inside = Stuck::run(n);
        #[node(after = [inside], on = all_done)]
        answer = signal::<u32>();
        inside.unwrap_or_default() + answer.unwrap_or_default()
    }
}

#[test]
fn a_run_leaves_memory_after_one_inside_was_given_up_while_it_waited() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, GivesUp).await;
        let run = orch.start(GivesUp, 1).id("r").await.unwrap();
        stands(&orch, "r", RunStatus::Waiting).await;
        run.signal(GivesUp::answer, 5).await.unwrap();
        assert_eq!(run.result().await.unwrap(), 5);
    });
}
