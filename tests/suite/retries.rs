//! Retries: when attempts start, what stops them, and which error comes out.

use std::error::Error;
use std::time::Duration;

use orch::ErrorKind;
use orch::prelude::*;
use tokio::time::Instant;

use crate::probe::{Probe, Refused, millis, secs};

/// Fails so many times before it succeeds, noting each attempt.
#[step(
    retries = 5,
    backoff(initial = "1s", max = "5s", factor = 2, jitter = "none")
)]
async fn stubborn(probe: &Probe, failures: u32, #[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    probe.note("attempt");
    if ctx.attempt() <= failures {
        Err(Refused("again"))
    } else {
        Ok(ctx.attempt())
    }
}

workflow! {
    pub Stubborn(probe: Probe, failures: u32) -> Result<u32, Refused> { stubborn(&probe, failures) }
}

#[tokio::test(start_paused = true)]
async fn attempts_start_exactly_when_the_backoff_says() {
    let (probe, began) = (Probe::new(), Instant::now());
    let error = Stubborn::run(probe.clone(), 99).await.unwrap_err();
    assert_eq!(probe.times("attempt"), [0, 1, 3, 7, 12, 17].map(secs));
    assert_eq!(
        began.elapsed(),
        secs(17),
        "there is no wait after the last attempt"
    );

    assert_eq!(
        error.error(),
        Some(&Refused("again")),
        "the step's own error comes out"
    );
    let failure = &error.failures()[0];
    assert_eq!((failure.kind(), failure.attempt()), (ErrorKind::Failed, 6));
    let source = failure.source().unwrap();
    assert_eq!(source.downcast_ref(), Some(&Refused("again")));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_succeeds_is_the_last() {
    let (probe, began) = (Probe::new(), Instant::now());
    assert_eq!(Stubborn::run(probe.clone(), 0).await.unwrap(), 1);
    assert_eq!(began.elapsed(), secs(0));
    assert_eq!(Stubborn::run(probe.clone(), 2).await.unwrap(), 3);
    assert_eq!(began.elapsed(), secs(3));
    assert_eq!(probe.count("attempt"), 4);
}

// ---- jitter

#[step(retries = 4)]
async fn by_default(probe: &Probe) -> Result<u32, Refused> {
    probe.note("attempt");
    Err(Refused("again"))
}

workflow! {
    pub ByDefault(probe: Probe) -> Result<u32, Refused> { by_default(&probe) }
}

#[step(retries = 4, backoff(initial = "1s", max = "1s", jitter = "full"))]
async fn fully(probe: &Probe) -> Result<u32, Refused> {
    probe.note("attempt");
    Err(Refused("again"))
}

workflow! {
    pub Fully(probe: Probe) -> Result<u32, Refused> { fully(&probe) }
}

/// The waits between the attempts of a run.
async fn waits<W>(workflow: W, seed: Option<u64>) -> Vec<Duration>
where
    W: Workflow<Input = Probe>,
    W::Output: std::fmt::Debug,
{
    let mut builder = Orchestrator::builder();
    if let Some(seed) = seed {
        builder = builder.seed(seed);
    }
    let (orch, probe) = (builder.build().await.unwrap(), Probe::new());
    let run = orch.start(workflow, probe.clone()).await.unwrap();
    run.result().await.unwrap_err();
    let times = probe.times("attempt");
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn by_default_half_of_a_doubling_wait_is_left_to_chance() {
    let waits = waits(ByDefault, Some(1)).await;
    assert_eq!(waits.len(), 4);
    for (wait, whole) in waits.into_iter().zip([200, 400, 800, 1600].map(millis)) {
        // Tokio's timer wakes at the next millisecond.
        assert!(
            whole / 2 <= wait && wait <= whole + millis(1),
            "{wait:?} of {whole:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_seed_makes_chance_the_same_each_time() {
    assert_eq!(waits(Fully, Some(7)).await, waits(Fully, Some(7)).await);
    assert_ne!(waits(Fully, Some(7)).await, waits(Fully, Some(8)).await);
    assert_ne!(waits(Fully, None).await, waits(Fully, None).await);
}

// ---- retry_if

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Busy(Duration),
    Gone,
    Shaky,
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Error for Reply {}

fn worth(reply: &Reply) -> Retry {
    match reply {
        Reply::Busy(wait) => Retry::After(*wait),
        Reply::Gone => Retry::No,
        Reply::Shaky => Retry::Yes,
    }
}

const fn is_shaky(reply: &Reply) -> bool {
    matches!(reply, Reply::Shaky)
}

#[step(retries = 3, backoff(initial = "1s", max = "2s", jitter = "none"), retry_if = worth)]
async fn asks(probe: &Probe, replies: &[Reply], #[ctx] ctx: &StepCtx) -> Result<u32, Reply> {
    probe.note("attempt");
    replies
        .get(ctx.attempt() as usize - 1)
        .map_or(Ok(ctx.attempt()), |reply| Err(*reply))
}

workflow! {
    pub Asks(probe: Probe, replies: Vec<Reply>) -> Result<u32, Reply> { asks(&probe, &replies) }
}

workflow! {
    pub AsksShaky(probe: Probe, replies: Vec<Reply>) -> Result<u32, Reply> {
        #[node(retry_if = is_shaky, retries = 1)]
        asks(&probe, &replies)
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_says_whether_and_when_to_try_again() {
    let busy = |seconds| Reply::Busy(secs(seconds));

    let probe = Probe::new();
    let replies = vec![busy(7), Reply::Shaky, busy(100)];
    assert_eq!(Asks::run(probe.clone(), replies).await.unwrap(), 4);
    // As long as was asked for, beyond the backoff's longest wait, and the backoff's second wait between.
    assert_eq!(probe.times("attempt"), [0, 7, 7 + 2, 7 + 2 + 100].map(secs));

    let (probe, began) = (Probe::new(), Instant::now());
    let error = Asks::run(probe.clone(), vec![Reply::Gone])
        .await
        .unwrap_err();
    assert_eq!(error.error(), Some(&Reply::Gone));
    assert_eq!((probe.count("attempt"), began.elapsed()), (1, secs(0)));

    let (probe, began) = (Probe::new(), Instant::now());
    let error = Asks::run(probe.clone(), vec![busy(1); 9])
        .await
        .unwrap_err();
    assert_eq!(error.error(), Some(&busy(1)));
    assert_eq!(
        (probe.count("attempt"), began.elapsed()),
        (4, secs(3)),
        "none after the last"
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_decides_over_its_step() {
    let probe = Probe::new();
    assert_eq!(
        AsksShaky::run(probe.clone(), vec![Reply::Shaky])
            .await
            .unwrap(),
        2
    );
    AsksShaky::run(probe.clone(), vec![Reply::Shaky; 2])
        .await
        .unwrap_err();
    AsksShaky::run(probe.clone(), vec![Reply::Busy(secs(1))])
        .await
        .unwrap_err();
    assert_eq!(probe.count("attempt"), 2 + 2 + 1);
}

// ---- what an attempt is given

/// Counts how often it is cloned.
#[derive(Debug)]
pub struct Parcel(Probe);

impl Clone for Parcel {
    fn clone(&self) -> Self {
        self.0.note("cloned");
        Self(self.0.clone())
    }
}

#[step]
fn wraps(probe: &Probe) -> Parcel {
    Parcel(probe.clone())
}

#[step(retries = 2, backoff(initial = "1s", jitter = "none"))]
async fn takes_anew(parcel: Parcel, failures: u32, #[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    parcel.0.note("attempt");
    if ctx.attempt() <= failures {
        Err(Refused("again"))
    } else {
        Ok(ctx.attempt())
    }
}

#[step]
async fn takes_once(parcel: Parcel) -> u32 {
    parcel.0.note("attempt");
    1
}

workflow! {
    pub Anew(probe: Probe, failures: u32) -> Result<u32, Refused> {
        parcel = wraps(&probe);
        takes_anew(parcel, failures)
    }
}

workflow! {
    pub OnceOnly(probe: Probe) -> u32 {
        parcel = wraps(&probe);
        takes_once(parcel)
    }
}

workflow! {
    pub AnewHere(probe: Probe) -> u32 {
        parcel = wraps(&probe);
        #[node(retries = 2)]
        takes_once(parcel)
    }
}

#[tokio::test(start_paused = true)]
async fn a_retried_step_takes_its_arguments_anew() {
    let probe = Probe::new();
    assert_eq!(Anew::run(probe.clone(), 2).await.unwrap(), 3);
    assert_eq!((probe.count("attempt"), probe.count("cloned")), (3, 3));

    let probe = Probe::new();
    assert_eq!(OnceOnly::run(probe.clone()).await.unwrap(), 1);
    assert_eq!(probe.count("cloned"), 0, "what is called once is moved");
    assert_eq!(AnewHere::run(probe.clone()).await.unwrap(), 1);
    assert_eq!(probe.count("cloned"), 1);
}

// ---- fallback chains

#[step(retries = 1, backoff(initial = "1s", jitter = "none"))]
async fn first_choice(probe: &Probe, reply: Reply) -> Result<u32, Reply> {
    probe.note("first");
    Err(reply)
}

#[step(timeout = "2s")]
async fn second_choice(probe: &Probe) -> u32 {
    probe.note("second");
    std::future::pending().await
}

#[step]
fn last_choice(probe: &Probe) -> u32 {
    probe.note("last");
    3
}

const fn is_gone(reply: &Reply) -> bool {
    matches!(reply, Reply::Gone)
}

workflow! {
    pub Choices(probe: Probe, reply: Reply) -> (u32, String) {
        value = first_choice(&probe, reply)
            .or_else(second_choice(&probe), when = is_gone)
            .or_else(last_choice(&probe));
        origin = tells(&value);
        (value, origin.clone())
    }
}

#[step]
fn tells(_value: &u32, #[ctx] ctx: &StepCtx) -> String {
    assert_eq!(
        ctx.metadata("value")["step"]["metadata"]["runtime"]["cache"]["hit"],
        false
    );
    format!(
        "{:?} {}",
        ctx.origin("value"),
        ctx.metadata("value")["step"]["metadata"]["runtime"]["fallback"]
    )
}

#[tokio::test(start_paused = true)]
async fn a_fallback_comes_after_all_attempts_and_says_so() {
    let (probe, began) = (Probe::new(), Instant::now());
    let (value, origin) = Choices::run(probe.clone(), Reply::Gone).await.unwrap();
    assert_eq!(value, 3);
    assert_eq!(probe.notes(), ["first", "first", "second", "last"]);
    assert_eq!(began.elapsed(), secs(1 + 2));
    assert_eq!(
        origin,
        r#"Some(Fallback { tier: 2, step: "last-choice" }) {"step":"last-choice","tier":2}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_fallback_may_be_for_chosen_errors_alone() {
    let probe = Probe::new();
    let error = Choices::run(probe.clone(), Reply::Shaky).await.unwrap_err();
    assert_eq!(probe.notes(), ["first", "first"]);
    assert!(error.to_string().contains("Shaky"), "{error}");
}

// ---- repeating

#[step(retries = 1, backoff(initial = "1s", jitter = "none"))]
async fn polls(
    state: (Probe, u32),
    #[ctx] ctx: &StepCtx,
) -> Result<ControlFlow<u32, (Probe, u32)>, Refused> {
    let (probe, turn) = state;
    probe.note(format!("turn {turn}"));
    if turn == 1 && ctx.attempt() == 1 {
        return Err(Refused("once"));
    }
    tokio::time::sleep(secs(2)).await;
    Ok(if turn == 3 {
        ControlFlow::Break(turn)
    } else {
        ControlFlow::Continue((probe, turn + 1))
    })
}

workflow! {
    pub Polls(probe: Probe) -> Result<u32, Refused> {
        polls((probe.clone(), 0)).repeat(max = 4, every = "10s")
    }
}

workflow! {
    pub PollsTooLittle(probe: Probe) -> Result<u32, Refused> {
        polls((probe.clone(), 0)).repeat(max = 3)
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_step_is_retried_turn_by_turn() {
    let (probe, began) = (Probe::new(), Instant::now());
    assert_eq!(Polls::run(probe.clone()).await.unwrap(), 3);
    assert_eq!(
        probe.notes(),
        ["turn 0", "turn 1", "turn 1", "turn 2", "turn 3"]
    );
    assert_eq!(probe.times("turn 1"), [secs(10), secs(11)]);
    assert_eq!(
        probe.times("turn 3"),
        [secs(30)],
        "turns start every ten seconds, however long they take"
    );
    assert_eq!(began.elapsed(), secs(32));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_does_not_break_in_time_has_failed() {
    let error = PollsTooLittle::run(Probe::new()).await.unwrap_err();
    let failure = &error.failures()[0];
    assert_eq!(failure.kind(), ErrorKind::TooManyTurns);
    assert_eq!(failure.message(), "it did not break within 3 turns");
}
