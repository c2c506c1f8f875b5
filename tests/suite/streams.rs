//! What a run streams: partial results, progress, events; each ends with the run.

use orch::prelude::*;
use orch::{RunEventKind, RunStatus};

#[step]
async fn count(to: u32, #[ctx] ctx: &StepCtx) -> u32 {
    for number in 1..=to {
        ctx.emit(&number);
    }
    to
}

workflow! {
    /// Counts, and says so.
    pub Counting(to: u32) -> u32 {
        count(to)
    }
}

workflow! {
    /// Counts inside another run.
    pub CountingInside(to: u32) -> u32 {
        Counting::run(to)
    }
}

async fn emitted<W: Workflow<Input = u32>>(workflow: W) -> Vec<u32> {
    let orch = Orchestrator::builder().build().await.unwrap();
    let mut run = orch.start(workflow, 3).await.unwrap();
    let mut emissions = run.emissions();
    let mut numbers = Vec::new();
    // The handle is still there when the stream ends.
    while let Some(emission) = emissions.next().await {
        numbers.push(emission.get().unwrap());
    }
    assert!(run.result().await.is_ok());
    numbers
}

#[tokio::test]
async fn partial_results_come_in_order_and_end_with_the_run() {
    assert_eq!(emitted(Counting).await, [1, 2, 3]);
}

#[tokio::test]
async fn partial_results_of_a_workflow_inside_are_streamed_as_well() {
    assert_eq!(emitted(CountingInside).await, [1, 2, 3]);
}

#[tokio::test]
async fn progress_ends_with_the_run_at_its_last_state() {
    let orch = Orchestrator::builder().build().await.unwrap();
    let run = orch.start(Counting, 3).await.unwrap();
    let mut progress = run.progress();
    let mut last = None;
    while let Some(seen) = progress.next().await {
        last = Some(seen);
    }
    assert_eq!(last.unwrap().percentage, 100.0);
    assert_eq!(run.result().await.unwrap(), 3);
}

#[tokio::test]
async fn what_a_run_streamed_is_there_when_it_has_ended() {
    let orch = Orchestrator::builder().build().await.unwrap();
    let mut run = orch.start(Counting, 3).await.unwrap();
    while !run.is_finished() {
        tokio::task::yield_now().await;
    }
    for _ in 0..2 {
        let mut progress = run.progress();
        assert_eq!(progress.next().await.unwrap().percentage, 100.0);
        assert!(progress.next().await.is_none());
    }
    let mut emissions = run.emissions();
    for number in 1..=3 {
        let emission = emissions.next().await.unwrap();
        assert_eq!(emission.get::<u32>().unwrap(), number);
    }
    assert!(emissions.next().await.is_none());
    assert!(run.emissions().next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_progress_learns_of_the_end() {
    let orch = Orchestrator::builder().build().await.unwrap();
    for _ in 0..500 {
        let run = orch.start(Counting, 1).await.unwrap();
        let mut progress = run.progress();
        let mut last = None;
        while let Some(seen) = progress.next().await {
            last = Some(seen);
        }
        assert_eq!(last.unwrap().percentage, 100.0);
    }
}

#[tokio::test]
async fn events_end_with_the_run() {
    let orch = Orchestrator::builder().build().await.unwrap();
    let run = orch.start(Counting, 3).await.unwrap();
    let mut events = run.events();
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event.kind);
    }
    let completed = |kind| {
        matches!(
            kind,
            RunEventKind::RunEnded {
                status: RunStatus::Completed,
                ..
            }
        )
    };
    assert!(last.is_some_and(completed));
    let late = run.events().next().await;
    assert!(late.is_none());
    assert_eq!(run.result().await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_partial_result_is_never_missed() {
    let orch = Orchestrator::builder().build().await.unwrap();
    for _ in 0..500 {
        let mut run = orch.start(Counting, 1).await.unwrap();
        assert!(run.emissions().next().await.is_some());
    }
}
