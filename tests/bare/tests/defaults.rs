//! What needs no store: the cache, limits of rate, signals, undoing, streamed results and pictures.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orch::prelude::*;
use tokio::time::Instant;

#[derive(Default)]
struct World {
    priced: AtomicU32,
    released: AtomicU32,
}

#[step(cache_ttl = 600)]
fn price(sku: u32, #[resource] world: &World) -> u32 {
    world.priced.fetch_add(1, Ordering::Relaxed);
    sku * 3
}

workflow! {
    Quote(sku: u32) -> u32 {
        price(sku)
    }
}

#[tokio::test]
async fn a_result_is_cached_in_memory() -> Result<(), Box<dyn std::error::Error>> {
    let orchestrator = Orchestrator::builder()
        .workflow(Quote)
        .resource(World::default())
        .build()
        .await?;
    for _ in 0..3 {
        let run = orchestrator.start(Quote, 7).await?;
        assert_eq!(run.result().await?, 21);
    }
    let stats = orchestrator.cache().ok_or("there is a cache")?.stats();
    assert_eq!((stats.hits, stats.misses), (2, 1));
    Ok(())
}

#[step(rate_limit = "2/s")]
async fn fetch(page: u32) -> u32 {
    page
}

workflow! {
    Crawl(pages: Vec<u32>) -> Vec<u32> {
        fetched = for page in pages { fetch(page) };
        fetched
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept() -> Result<(), Box<dyn std::error::Error>> {
    let began = Instant::now();
    assert_eq!(Crawl::run(vec![1, 2, 3, 4, 5]).await?, [1, 2, 3, 4, 5]);
    assert!(began.elapsed() >= Duration::from_millis(1_500));
    Ok(())
}

#[step]
async fn release(reserved: Outcome<&u32>, _sku: u32, #[resource] world: &World) {
    if let Outcome::Done(sku) = reserved {
        world.released.fetch_add(*sku, Ordering::Relaxed);
    }
}

#[step(compensate = release)]
async fn reserve(sku: u32) -> u32 {
    sku
}

#[step]
async fn charge(approved: Option<bool>, reserved: u32) -> Result<u32, std::io::Error> {
    match approved {
        Some(true) => Ok(reserved),
        _ => Err(std::io::Error::other("nobody approved")),
    }
}

#[step]
fn look(#[resource] world: &World) -> u32 {
    world.released.load(Ordering::Relaxed)
}

workflow! {
    Checkout(sku: u32) -> u32 {
        reserved = reserve(sku);
        approved = signal::<bool>();
        charge(approved, reserved)
    }
}

workflow! {
    Released() -> u32 {
        look()
    }
}

#[tokio::test]
async fn what_waits_for_a_signal_goes_on_or_is_undone() -> Result<(), Box<dyn std::error::Error>> {
    let orchestrator = Orchestrator::builder()
        .workflow(Checkout)
        .workflow(Released)
        .resource(World::default())
        .build()
        .await?;
    let run = orchestrator.start(Checkout, 5).await?;
    run.signal(Checkout::approved, true).await?;
    assert_eq!(run.result().await?, 5);
    let run = orchestrator.start(Checkout, 6).await?;
    run.signal(Checkout::approved, false).await?;
    assert!(run.result().await.is_err());
    let released = orchestrator.start(Released, ()).await?.result().await?;
    assert_eq!(released, 6, "only what did not succeed is undone");
    Ok(())
}

#[step]
async fn count(upto: u32, #[ctx] ctx: &StepCtx) -> u32 {
    for n in 0..upto {
        ctx.emit(&n);
    }
    upto
}

workflow! {
    Count(upto: u32) -> u32 {
        count(upto)
    }
}

#[tokio::test]
async fn partial_results_are_streamed() -> Result<(), Box<dyn std::error::Error>> {
    let orchestrator = Orchestrator::builder().build().await?;
    let mut run = orchestrator.start(Count, 3).await?;
    let mut emissions = run.emissions();
    let mut seen = Vec::new();
    while let Some(emission) = emissions.next().await {
        seen.push(emission.get::<u32>()?);
    }
    assert_eq!(seen, [0, 1, 2]);
    Ok(())
}

#[test]
fn a_workflow_is_drawn() {
    let graph = Quote::GRAPH;
    assert!(graph.to_svg().starts_with("<svg"));
    assert!(graph.to_mermaid().starts_with("flowchart"));
    assert!(graph.to_dot().starts_with("digraph"));
}
