//! What a handle streams goes on as long as its run does, however often that leaves memory.

use std::time::Duration;

use orch::prelude::*;
use orch::store::Memory;
use orch::{RunEventKind, RunStatus};

use super::{Process, World, orchestrator, serving, stands};

#[step]
fn say(word: &str, #[ctx] ctx: &StepCtx) -> u32 {
    ctx.emit(&word);
    1
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Talk() -> u32 {
        first = say("first");
        #[node(after = [first])]
        answer = signal::<u32>();
        #[node(after = [answer])]
        last = say("last");
        first + last + answer.unwrap_or(0)
    }
}

#[test]
fn streams_go_on_when_a_run_is_taken_up_again() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Talk).await;
        let mut run = orch.start(Talk, ()).id("r").await.unwrap();
        let (mut events, mut progress) = (run.events(), run.progress());
        let mut emissions = run.emissions();
        stands(&orch, "r", RunStatus::Waiting).await;
        run.signal(Talk::answer, 5).await.unwrap();

        let mut said = Vec::new();
        while let Some(emission) = emissions.next().await {
            said.push(emission.get::<String>().unwrap());
        }
        assert_eq!(said, ["first", "last"]);

        let (mut ended, mut begun, mut seq) = (Vec::new(), 0, 0);
        while let Some(event) = events.next().await {
            assert!(event.seq > seq, "events are numbered on");
            seq = event.seq;
            match event.kind {
                RunEventKind::NodeEnded { node, .. } => ended.push(node.to_string()),
                RunEventKind::RunStarted => begun += 1,
                RunEventKind::RunEnded { status, .. } => ended.push(status.as_str().to_owned()),
                _ => {}
            }
        }
        // `first` may have ended before the stream began, and is not told a second time.
        let first = ended.iter().position(|node| node == "answer").unwrap();
        assert!(first <= 1, "{ended:?}");
        assert_eq!(ended[first..], ["answer", "last", "completed"]);
        assert!(begun <= 1, "a run begins once");

        let mut last = 0.0;
        while let Some(now) = progress.next().await {
            assert!(now.percentage >= last, "it never falls");
            last = now.percentage;
        }
        assert!((last - 100.0).abs() < f64::EPSILON, "{last}");
        assert_eq!(run.result().await.unwrap(), 7);
    });
}

#[test]
fn a_handle_of_a_run_that_is_not_in_memory_streams_what_comes() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Talk).await;
        drop(orch.start(Talk, ()).id("r").await.unwrap());
        stands(&orch, "r", RunStatus::Waiting).await;
        let run = orch.start(Talk, ()).id("r").await.unwrap();
        let mut events = run.events();
        run.signal(Talk::answer, 5).await.unwrap();
        let mut ended = Vec::new();
        while let Some(event) = events.next().await {
            if let RunEventKind::NodeEnded { node, .. } = event.kind {
                ended.push(node.to_string());
            }
        }
        assert_eq!(ended, ["answer", "last"]);
    });
}

#[test]
fn streams_end_with_a_run_that_another_process_drives_and_when_it_does_not_go_on_here() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let here = orchestrator(&world, &store)
            .workflow(Talk)
            .max_active_runs(0);
        let here = here.build().await.unwrap();
        let there = serving(&world, &store, Talk).await;
        let run = here.start(Talk, ()).id("r").await.unwrap();
        let (mut events, mut progress) = (run.events(), run.progress());
        run.signal(Talk::answer, 5).await.unwrap();
        assert!(
            events.next().await.is_none(),
            "what happens there is not told here"
        );
        assert!(progress.next().await.is_none());
        assert_eq!(run.result().await.unwrap(), 7);

        let run = there.start(Talk, ()).id("s").await.unwrap();
        let mut events = run.events();
        there.shutdown(Duration::from_secs(5)).await;
        while events.next().await.is_some() {}
    });
}

#[test]
fn streams_and_results_end_at_a_shutdown_though_their_run_is_not_in_memory() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Talk).await;
        let run = orch.start(Talk, ()).id("r").await.unwrap();
        let mut events = run.events();
        stands(&orch, "r", RunStatus::Waiting).await;
        assert_eq!(orch.shutdown(Duration::from_secs(5)).await, 0);
        while events.next().await.is_some() {}
        let error = run.result().await.unwrap_err();
        assert!(matches!(error, RunError::Interrupted(_)), "{error}");
        assert!(
            error.to_string().contains("the orchestrator was shut down"),
            "{error}"
        );
    });
}
