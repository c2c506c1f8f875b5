use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orch::prelude::*;
use orch::{RunEventKind, RunStatus};

#[derive(Debug, PartialEq)]
struct Price(u32);

#[step]
fn load(day: u32) -> u32 {
    day * 10
}

#[step(retries = 2, backoff(initial = "1s"))]
async fn fetch(day: u32, #[resource] calls: &AtomicU32) -> Result<u32, std::io::Error> {
    match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Err(std::io::Error::other("refused")),
        _ => Ok(day + 1),
    }
}

#[step(timeout = "1s", concurrency = 2)]
async fn price(base: u32, rate: &u32) -> Price {
    Price(base * rate)
}

// Neither what it takes nor what it gives goes into JSON: nothing asks for that.
workflow! {
    Quote(day: u32) -> Price {
        base = load(day);
        rate = fetch(day);
        price(base, &rate)
    }
}

#[step]
async fn forever() {
    std::future::pending::<()>().await;
}

workflow! {
    Waits() {
        forever();
    }
}

workflow! {
    Sum(upto: u32) -> u32 {
        parts = for day in (0..upto).collect::<Vec<_>>() { load(day) };
        pause = sleep("1d");
        #[node(after = [pause])]
        total = load(parts.iter().sum::<u32>());
        total
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_retried_and_told_of() -> Result<(), Box<dyn std::error::Error>> {
    let started = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&started);
    let orchestrator = Orchestrator::builder()
        .workflow(Quote)
        .resource(AtomicU32::new(0))
        .on_event(move |event| {
            if let RunEventKind::NodeStarted { .. } = event.kind {
                seen.fetch_add(1, Ordering::Relaxed);
            }
        })
        .build()
        .await?;
    let run = orchestrator.start(Quote, 2).await?;
    let mut progress = run.progress();
    assert_eq!(run.result().await?, Price(60));
    assert_eq!(started.load(Ordering::Relaxed), 3);
    let mut last = None;
    while let Some(told) = progress.next().await {
        last = Some(told.percentage);
    }
    assert_eq!(last, Some(100.0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cancelled() -> Result<(), Box<dyn std::error::Error>> {
    let orchestrator = Orchestrator::builder().build().await?;
    let run = orchestrator.start(Waits, ()).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    run.cancel("enough");
    let error = run.result().await.expect_err("it was cancelled");
    assert_eq!(error.status(), RunStatus::Cancelled);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn items_and_sleeps_need_nothing_else() -> Result<(), Box<dyn std::error::Error>> {
    let began = tokio::time::Instant::now();
    assert_eq!(Sum::run(4).await?, 600);
    assert!(began.elapsed() >= Duration::from_secs(86_400));
    Ok(())
}

#[test]
fn a_graph_is_data_and_is_drawn_only_with_default_features() {
    let graph = Quote::GRAPH;
    assert_eq!(graph.topological_order(), ["base", "rate", "price"]);
    assert_eq!(!graph.spec().svg.is_empty(), cfg!(feature = "defaults"));
}
