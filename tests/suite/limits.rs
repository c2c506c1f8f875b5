//! Rate limits and concurrency limits: how many attempts start and are under way, and who shares a limit.

use std::error::Error;
use std::time::Duration;

use orch::prelude::*;
use orch::{ErrorKind, Orchestrator};
use tokio::time::Instant;

use crate::probe::{Probe, Refused, millis, secs};

async fn orchestrator() -> Orchestrator {
    Orchestrator::builder().seed(1).build().await.unwrap()
}

/// The most that started in any span of this length.
fn most_within(times: &[Duration], span: Duration) -> usize {
    let mut times = times.to_vec();
    times.sort();
    let counts = times.iter().enumerate().map(|(first, start)| {
        times[first..]
            .iter()
            .take_while(|time| **time < *start + span)
            .count()
    });
    counts.max().unwrap_or(0)
}

// ---- rate limits

#[step(rate_limit = "50/s", retries = 3, backoff = "100ms..1s")]
async fn limited(probe: &Probe, n: u32, #[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    probe.note("attempt");
    tokio::time::sleep(millis(u64::from(n % 30))).await;
    if n.is_multiple_of(3) || ctx.attempt() == 1 {
        Err(Refused("again"))
    } else {
        Ok(n)
    }
}

workflow! {
    pub Limited(probe: Probe) -> usize {
        #[node(tolerate = "100%")]
        items = for n in 0..200_u32 { limited(&probe, n) };
        items.iter().flatten().count()
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_a_second_are_never_more_with_all_their_retries() -> Result<(), Box<dyn Error>> {
    let (orch, probe, began) = (orchestrator().await, Probe::new(), Instant::now());
    let run = orch.start(Limited, probe.clone()).await?;
    assert_eq!(run.result().await?, 133);
    let attempts = probe.times("attempt");
    assert_eq!(attempts.len(), 67 * 4 + 133 * 2);
    assert_eq!(
        most_within(&attempts, secs(1)),
        50,
        "and the rate is used in full"
    );
    // 534 attempts are 20 ms apart.
    assert!(began.elapsed() < secs(12), "{:?}", began.elapsed());
    Ok(())
}

#[step(rate_limit("10/s", burst = 5))]
async fn bursts(probe: &Probe) {
    probe.note("start");
}

workflow! {
    pub Bursts(probe: Probe) { for _ in 0..10_u8 { bursts(&probe) }; }
}

#[tokio::test(start_paused = true)]
async fn a_burst_starts_at_once() -> Result<(), RunError> {
    let probe = Probe::new();
    Bursts::run(probe.clone()).await?;
    let expected = [0, 0, 0, 0, 0, 100, 200, 300, 400, 500].map(millis);
    assert_eq!(probe.times("start"), expected);
    Ok(())
}

#[step(rate_limit("1/s", key = user))]
async fn keyed(probe: &Probe, user: &str) {
    probe.note(user);
}

workflow! {
    pub Keyed(probe: Probe) {
        for user in ["ann", "bob", "ann", "ann", "bob"] { keyed(&probe, user) };
    }
}

#[tokio::test(start_paused = true)]
async fn each_key_has_the_rate_to_itself() -> Result<(), RunError> {
    let probe = Probe::new();
    Keyed::run(probe.clone()).await?;
    assert_eq!(probe.times("ann"), [0, 1, 2].map(secs));
    assert_eq!(probe.times("bob"), [0, 1].map(secs));
    Ok(())
}

#[step(rate_limit("60000/min", weight = tokens), retries = 3)]
async fn weighted(probe: &Probe, tokens: u32) -> Result<u32, Refused> {
    probe.note("start");
    Ok(tokens)
}

workflow! {
    pub Weighted(probe: Probe, weights: Vec<u32>) -> u32 {
        #[node(concurrency = 1)]
        items = for tokens in &weights { weighted(&probe, *tokens) };
        items.iter().sum()
    }
}

#[tokio::test(start_paused = true)]
async fn a_heavy_call_uses_more_of_the_rate() -> Result<(), RunError> {
    let probe = Probe::new();
    Weighted::run(probe.clone(), vec![50_000, 10_000, 30_000, 0, 1_000]).await?;
    assert_eq!(probe.times("start"), [0, 0, 30, 30, 31].map(secs));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_fits_fails_at_once() {
    let (probe, began) = (Probe::new(), Instant::now());
    let error = Weighted::run(probe.clone(), vec![60_001])
        .await
        .unwrap_err();
    let failure = &error.failures()[0];
    assert_eq!(failure.kind(), ErrorKind::RateLimitImpossible);
    assert_eq!(
        failure.message(),
        "a weight of 60001 never fits a burst of 60000"
    );
    assert_eq!(
        (probe.notes().len(), began.elapsed()),
        (0, secs(0)),
        "nor is it retried"
    );
}

#[step(rate_limit("1/s", name = "api"))]
async fn one_caller(probe: &Probe) {
    probe.note("start");
}

#[step(rate_limit("1/s", name = "api"))]
async fn other_caller(probe: &Probe) {
    probe.note("start");
}

workflow! { pub OneCalls(probe: Probe) { for _ in 0..3_u8 { one_caller(&probe) }; } }
workflow! { pub OtherCalls(probe: Probe) { for _ in 0..3_u8 { other_caller(&probe) }; } }

#[tokio::test(start_paused = true)]
async fn a_named_rate_is_shared_by_workflows_and_not_by_orchestrators() -> Result<(), Box<dyn Error>>
{
    let (orch, probe) = (orchestrator().await, Probe::new());
    let runs = (
        orch.start(OneCalls, probe.clone()).await?,
        orch.start(OtherCalls, probe.clone()).await?,
    );
    let other = orchestrator().await;
    let apart = Probe::new();
    other.start(OneCalls, apart.clone()).await?.result().await?;
    runs.0.result().await?;
    runs.1.result().await?;
    assert_eq!(probe.times("start"), [0, 1, 2, 3, 4, 5].map(secs));
    assert_eq!(apart.times("start"), [0, 1, 2].map(secs));
    Ok(())
}

// ---- concurrency limits

#[step(concurrency = 3)]
async fn narrow(probe: &Probe) {
    let under_way = probe.enter("narrow");
    tokio::time::sleep(secs(1)).await;
    under_way.end();
}

workflow! { pub NarrowHere(probe: Probe) { for _ in 0..10_u8 { narrow(&probe) }; } }
workflow! { pub NarrowThere(probe: Probe) { for _ in 0..10_u8 { narrow(&probe) }; } }

#[tokio::test(start_paused = true)]
async fn a_step_has_one_limit_wherever_it_is_used() -> Result<(), Box<dyn Error>> {
    let (orch, probe, began) = (orchestrator().await, Probe::new(), Instant::now());
    let here = orch.start(NarrowHere, probe.clone()).await?;
    let there = orch.start(NarrowThere, probe.clone()).await?;
    here.result().await?;
    there.result().await?;
    assert_eq!(probe.most(), 3);
    assert_eq!(began.elapsed(), secs(7));
    Ok(())
}

mod elsewhere {
    use super::*;

    /// Named like the step above, and no other thing in common.
    #[step(concurrency = 3)]
    pub(super) async fn narrow(probe: &Probe) {
        let under_way = probe.enter("narrow");
        tokio::time::sleep(secs(1)).await;
        under_way.end();
    }
}

workflow! { pub NarrowElsewhere(probe: Probe) { for _ in 0..10_u8 { elsewhere::narrow(&probe) }; } }

#[tokio::test(start_paused = true)]
async fn two_steps_of_one_name_do_not_share_a_limit() -> Result<(), Box<dyn Error>> {
    let (orch, probe, began) = (orchestrator().await, Probe::new(), Instant::now());
    let here = orch.start(NarrowHere, probe.clone()).await?;
    let there = orch.start(NarrowElsewhere, probe.clone()).await?;
    here.result().await?;
    there.result().await?;
    assert_eq!((probe.most(), began.elapsed()), (6, secs(4)));
    Ok(())
}

#[step(concurrency(2, name = "db"))]
async fn reads(probe: &Probe) {
    let under_way = probe.enter("reads");
    tokio::time::sleep(secs(1)).await;
    under_way.end();
}

#[step(concurrency(2, name = "db"))]
async fn writes(probe: &Probe) {
    let under_way = probe.enter("writes");
    tokio::time::sleep(secs(1)).await;
    under_way.end();
}

workflow! { pub Reads(probe: Probe) { for _ in 0..4_u8 { reads(&probe) }; } }
workflow! { pub Writes(probe: Probe) { for _ in 0..4_u8 { writes(&probe) }; } }

#[tokio::test(start_paused = true)]
async fn a_named_limit_is_shared_by_workflows_and_not_by_orchestrators()
-> Result<(), Box<dyn Error>> {
    let (probe, began) = (Probe::new(), Instant::now());
    let orch = orchestrator().await;
    let runs = (
        orch.start(Reads, probe.clone()).await?,
        orch.start(Writes, probe.clone()).await?,
    );
    runs.0.result().await?;
    runs.1.result().await?;
    assert_eq!((probe.most(), began.elapsed()), (2, secs(4)));

    let (probe, began) = (Probe::new(), Instant::now());
    let runs = (
        orchestrator().await.start(Reads, probe.clone()).await?,
        orchestrator().await.start(Writes, probe.clone()).await?,
    );
    runs.0.result().await?;
    runs.1.result().await?;
    assert_eq!((probe.most(), began.elapsed()), (4, secs(2)));
    Ok(())
}

#[step(
    concurrency = 1,
    retries = 1,
    backoff(initial = "10s", jitter = "none")
)]
async fn fails_first(
    probe: &Probe,
    name: &'static str,
    #[ctx] ctx: &StepCtx,
) -> Result<(), Refused> {
    let under_way = probe.enter(name);
    probe.note(name);
    tokio::time::sleep(secs(1)).await;
    under_way.end();
    if ctx.attempt() == 1 {
        Err(Refused("at first"))
    } else {
        Ok(())
    }
}

workflow! {
    pub Backoff(probe: Probe) -> Result<(), Refused> {
        fails_first(&probe, "one");
        fails_first(&probe, "other");
    }
}

workflow! {
    #[workflow(concurrency = 1)]
    pub BackoffInNarrow(probe: Probe) -> Result<(), Refused> {
        wide_first(&probe, "one");
        wide_first(&probe, "other");
    }
}

#[step(retries = 1, backoff(initial = "10s", jitter = "none"))]
async fn wide_first(
    probe: &Probe,
    name: &'static str,
    #[ctx] ctx: &StepCtx,
) -> Result<(), Refused> {
    fails_first(probe, name, ctx).await
}

#[tokio::test(start_paused = true)]
async fn no_permit_is_held_through_a_backoff() {
    let probe = Probe::new();
    Backoff::run(probe.clone()).await.unwrap();
    assert_eq!(probe.times("one"), [0, 11].map(secs));
    assert_eq!(probe.times("other"), [1, 12].map(secs));
    assert_eq!(probe.most(), 1);

    let probe = Probe::new();
    BackoffInNarrow::run(probe.clone()).await.unwrap();
    assert_eq!(probe.times("one"), [0, 11].map(secs));
    assert_eq!(probe.times("other"), [1, 12].map(secs));
    assert_eq!(probe.most(), 1);
}

// ---- the order of the policies

#[step(
    concurrency = 1,
    rate_limit = "1/min",
    timeout = "2s",
    deadline = "90s"
)]
async fn bounded(probe: &Probe) -> u32 {
    probe.note("start");
    tokio::time::sleep(millis(1500)).await;
    1
}

workflow! {
    pub Bounded(probe: Probe) -> usize {
        #[node(tolerate = "100%")]
        items = for _ in 0..3_u8 { bounded(&probe) };
        summed = ends(&items);
        summed
    }
}

#[step]
fn ends(items: &[Result<u32, orch::NodeError>]) -> usize {
    let failed: Vec<_> = items
        .iter()
        .filter_map(|item| item.as_ref().err())
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].kind(), ErrorKind::DeadlineExceeded);
    items.iter().flatten().count()
}

#[tokio::test(start_paused = true)]
async fn a_timeout_counts_from_the_start_of_an_attempt_and_a_deadline_from_its_wait()
-> Result<(), RunError> {
    let probe = Probe::new();
    // The second waits a minute for its turn, which its timeout of 2 s does not count.
    // The third would wait two minutes, which its deadline does.
    assert_eq!(Bounded::run(probe.clone()).await?, 2);
    assert_eq!(probe.times("start"), [secs(0), secs(60)]);
    Ok(())
}

#[step(concurrency = 1)]
async fn queues(probe: &Probe, name: &'static str) {
    let under_way = probe.enter(name);
    probe.note(name);
    tokio::time::sleep(secs(10)).await;
    under_way.end();
}

workflow! { pub Queues(probe: Probe, name: &'static str) { queues(&probe, name); } }

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_leaves_the_queue() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    let first = orch.start(Queues, (probe.clone(), "first")).await?;
    let second = orch.start(Queues, (probe.clone(), "second")).await?;
    let third = orch.start(Queues, (probe.clone(), "third")).await?;
    tokio::time::sleep(secs(1)).await;
    second.cancel("enough");
    tokio::time::sleep(secs(1)).await;
    first.cancel("enough");
    third.result().await?;
    assert_eq!(probe.notes(), ["first", "first dropped", "third"]);
    assert_eq!(probe.times("third"), [secs(2)]);
    Ok(())
}
