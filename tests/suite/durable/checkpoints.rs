//! Values that wait for somebody's decision, and nodes that somebody skips.

use std::time::Duration;

use orch::RunStatus;
use orch::prelude::*;
use orch::store::Memory;
use orch::testing::paused;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Process, World, orchestrator, serving};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    text: String,
}

#[step(checkpoint_after(approvers = ["ada", "grace"], expires = "2d"))]
async fn write_draft(topic: &str, #[resource] world: &World) -> Draft {
    world.called("draft", topic);
    Draft {
        text: format!("about {topic}"),
    }
}

#[step]
fn publish(draft: &Draft, #[resource] world: &World) -> String {
    world.called("publish", &draft.text);
    draft.text.clone()
}

#[step]
fn send_mail(to: &str, #[resource] world: &World) -> Result<u32, std::io::Error> {
    world.called("mail", to);
    Err(std::io::Error::other("no mail server"))
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Article(topic: String) -> String {
        draft = write_draft(&topic);
        publish(&draft)
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Mailing(topic: String) -> Result<String, std::io::Error> {
        #[node(allow_skip = "nobody is told")]
        mail = send_mail(&topic);
        match mail { Some(n) => format!("{n} mails"), None => String::from("no mail") }
    }
}

async fn waiting(orch: &Orchestrator, id: &str) {
    for _ in 0..3_000 {
        if !orch
            .runs()
            .unwrap()
            .checkpoints(id)
            .await
            .unwrap()
            .is_empty()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("nothing waits for a decision");
}

#[test]
fn an_approval_survives_a_kill_while_it_is_waited_for() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Article).await;
        orch.start(Article, "cats".into()).id("r").await.unwrap();
        waiting(&orch, "r").await;
        let waits = orch.runs().unwrap().checkpoints("r").await.unwrap();
        assert_eq!(
            (waits[0].node.as_str(), &waits[0].value),
            ("draft", &json!({ "text": "about cats" }))
        );
        assert_eq!(waits[0].approvers, ["ada", "grace"]);
        assert_eq!(world.calls("publish"), 0);
    });
    before.kill(&store);
    Process::new().run(async {
        let orch = serving(&world, &store, Article).await;
        let runs = orch.runs().unwrap();
        let error = runs.approve("r", "draft", "eve", "").await.unwrap_err();
        assert_eq!(error.to_string(), "eve may not decide: ada, grace may");
        let error = runs.approve("r", "topic", "ada", "").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "node `topic` has no value that waits for a decision"
        );
        let error = runs
            .approve_with("r", "draft", "ada", "", &json!({ "txt": 1 }))
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("missing field `text`"),
            "{error}"
        );
        let better = json!({ "text": "all about cats" });
        runs.approve_with("r", "draft", "ada", "typo", &better)
            .await
            .unwrap();
        let run = orch.start(Article, "cats".into()).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), "all about cats");
        let history = runs.history("r").await.unwrap();
        let decided = history
            .entries
            .iter()
            .find(|entry| entry.kind == orch::store::EntryKind::Decided)
            .unwrap();
        assert!(
            decided
                .value
                .as_ref()
                .unwrap()
                .contains(r#""by":"ada","comment":"typo""#)
        );
    });
    assert_eq!(world.calls("draft"), 1);
}

#[test]
fn what_is_rejected_fails_the_node() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Article).await;
        let run = orch.start(Article, "dogs".into()).id("r").await.unwrap();
        waiting(&orch, "r").await;
        orch.runs()
            .unwrap()
            .reject("r", "draft", "grace", "no dogs")
            .await
            .unwrap();
        let error = run.result().await.unwrap_err();
        assert_eq!(error.failures()[0].code(), "rejected");
        assert!(
            error
                .to_string()
                .contains("grace rejected its value: no dogs"),
            "{error}"
        );

        // Tried again, it waits for another decision, and its value is there.
        let runs = orch.runs().unwrap();
        runs.retry("r").await.unwrap();
        waiting(&orch, "r").await;
        let published = world.calls("publish");
        runs.approve("r", "draft", "ada", "well then")
            .await
            .unwrap();
        let run = orch.start(Article, "dogs".into()).id("r").await.unwrap();
        assert!(run.result().await.is_ok());
        assert_eq!(
            (published, world.calls("draft"), world.calls("publish")),
            (0, 1, 1)
        );
    });
}

#[test]
fn nobody_decides_in_time() {
    let (world, store) = (World::default(), Memory::new());
    paused(async {
        let builder = orchestrator(&world, &store)
            .workflow(Article)
            .virtual_time();
        let orch = builder.build().await.unwrap();
        let error = orch
            .start(Article, "fish".into())
            .await
            .unwrap()
            .result()
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("nobody decided in time"),
            "{error}"
        );
    })
    .unwrap();
}

#[test]
fn an_operator_skips_what_may_be_skipped() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = orchestrator(&world, &store)
            .workflow(Mailing)
            .workflow(Article)
            .build()
            .await
            .unwrap();
        let runs = orch.runs().unwrap();
        let run = orch.start(Mailing, "news".into()).id("r").await.unwrap();
        assert!(run.result().await.is_err());
        assert_eq!(runs.get("r").await.unwrap().status, RunStatus::Failed);
        let error = runs.skip("r", "nothing", "ada").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "node `nothing` is not a node of this workflow"
        );
        runs.skip("r", "mail", "ada").await.unwrap();
        let run = orch.start(Mailing, "news".into()).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), "no mail");
        assert_eq!(world.calls("mail"), 1);
    });
}
