//! Circuit breakers: what opens and closes them, who shares them, and how an operator sees and steers them.

use std::error::Error;

use orch::policy::breaker::{BreakerState, CallError};
use orch::prelude::*;
use orch::store::Sqlite;
use orch::{ErrorKind, Orchestrator};

use crate::probe::{Probe, Refused, hangs, secs};

async fn orchestrator() -> Orchestrator {
    Orchestrator::builder().build().await.unwrap()
}

/// What a service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Well,
    Broken,
    NotFound,
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bad(Answer);

impl std::fmt::Display for Bad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Error for Bad {}

fn worth(bad: &Bad) -> bool {
    bad.0 == Answer::Broken
}

#[step(
    breaker("api", failure_threshold = 3, recovery_timeout = "60s", half_open_max_calls = 2),
    retries = 3,
    retry_if = worth,
    timeout = "5s"
)]
async fn asks(probe: &Probe, answer: Answer) -> Result<(), Bad> {
    probe.note("call");
    tokio::time::sleep(secs(1)).await;
    match answer {
        Answer::Well => Ok(()),
        Answer::Silent => std::future::pending().await,
        _ => Err(Bad(answer)),
    }
}

#[step(breaker(
    "api",
    failure_threshold = 3,
    recovery_timeout = "60s",
    half_open_max_calls = 2
))]
async fn asks_too(probe: &Probe) {
    probe.note("call");
}

workflow! {
    pub Asks(probe: Probe, answer: Answer) -> Result<(), Bad> {
        #[node(retries = 0)]
        asks(&probe, answer)
    }
}

workflow! { pub AsksToo(probe: Probe) { asks_too(&probe); } }

/// How a call of this answer ends: `ok`, or the code of what failed.
async fn ask(orch: &Orchestrator, probe: &Probe, answer: Answer) -> &'static str {
    let run = orch.start(Asks, (probe.clone(), answer)).await.unwrap();
    match run.result().await {
        Ok(()) => "ok",
        Err(error) => error.failures()[0].code(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_breaker_opens_probes_and_closes() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    assert!(orch.breaker("api").is_none(), "nobody asked for it yet");

    assert_eq!(ask(&orch, &probe, Answer::Broken).await, "failed");
    assert_eq!(ask(&orch, &probe, Answer::Silent).await, "timed_out");
    let breaker = orch.breaker("api").unwrap();
    assert_eq!(
        (breaker.state(), breaker.snapshot().failures),
        (BreakerState::Closed, 2)
    );
    assert_eq!(ask(&orch, &probe, Answer::Broken).await, "failed");
    assert_eq!(breaker.state(), BreakerState::Open);

    // Open: refused at once, and not called.
    assert_eq!(probe.count("call"), 3);
    let run = orch.start(Asks, (probe.clone(), Answer::Well)).await?;
    let error = run.result().await.unwrap_err();
    let failure = &error.failures()[0];
    assert_eq!(failure.kind(), ErrorKind::BreakerOpen);
    assert_eq!(failure.message(), "breaker `api` is open for another 60.0s");
    assert_eq!(probe.count("call"), 3);

    // Half open: two may probe, and one that fails opens it again.
    tokio::time::sleep(secs(60)).await;
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    let probing = tokio::join!(
        ask(&orch, &probe, Answer::Well),
        ask(&orch, &probe, Answer::Broken),
        ask(&orch, &probe, Answer::Well),
    );
    assert_eq!(probing, ("ok", "failed", "breaker_open"));
    assert_eq!(breaker.state(), BreakerState::Open);

    tokio::time::sleep(secs(60)).await;
    assert_eq!(ask(&orch, &probe, Answer::Well).await, "ok");
    assert_eq!(breaker.state(), BreakerState::HalfOpen, "two must succeed");
    assert_eq!(ask(&orch, &probe, Answer::Well).await, "ok");
    assert_eq!(breaker.state(), BreakerState::Closed);
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.opened, snapshot.refused), (2, 2));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_not_worth_a_retry_does_not_count() {
    let (orch, probe) = (orchestrator().await, Probe::new());
    for _ in 0..5 {
        assert_eq!(ask(&orch, &probe, Answer::NotFound).await, "failed");
    }
    assert_eq!(orch.breaker("api").unwrap().state(), BreakerState::Closed);
    assert_eq!(orch.breaker("api").unwrap().snapshot().failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_named_breaker_is_shared_by_workflows_and_not_by_orchestrators()
-> Result<(), Box<dyn Error>> {
    let (orch, other, probe) = (orchestrator().await, orchestrator().await, Probe::new());
    for _ in 0..3 {
        ask(&orch, &probe, Answer::Broken).await;
    }
    let error = orch
        .start(AsksToo, probe.clone())
        .await?
        .result()
        .await
        .unwrap_err();
    assert_eq!(error.failures()[0].kind(), ErrorKind::BreakerOpen);
    other.start(AsksToo, probe.clone()).await?.result().await?;
    assert_eq!(other.breaker("api").unwrap().state(), BreakerState::Closed);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_breaker_can_be_called_through_and_reset() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    for _ in 0..3 {
        ask(&orch, &probe, Answer::Broken).await;
    }
    let breaker = orch.breaker("api").unwrap();
    let refused = breaker.call(async { Ok::<_, Refused>(1) }).await;
    assert!(matches!(refused, Err(CallError::Open(_))), "{refused:?}");

    breaker.reset();
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert_eq!(ask(&orch, &probe, Answer::Well).await, "ok");
    assert_eq!(breaker.call(async { Ok::<_, Refused>(1) }).await?, 1);

    for _ in 0..3 {
        breaker.record_failure();
    }
    assert_eq!(ask(&orch, &probe, Answer::Well).await, "breaker_open");
    breaker.reset();
    breaker.record_failure();
    breaker.record_success();
    assert_eq!(breaker.snapshot().failures, 0);
    Ok(())
}

// ---- with retries

#[step(
    breaker(failure_threshold = 2, recovery_timeout = "10s"),
    retries = 5,
    backoff(initial = "4s", factor = 1, jitter = "none")
)]
async fn recovers(probe: &Probe) -> Result<u32, Refused> {
    probe.note("call");
    if probe.count("call") < 4 {
        Err(Refused("down"))
    } else {
        Ok(1)
    }
}

workflow! { pub Recovers(probe: Probe) -> Result<u32, Refused> { recovers(&probe) } }

#[tokio::test(start_paused = true)]
async fn a_breaker_counts_attempts_and_ends_their_series() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    // It opens at 4 s and refuses the attempt at 8 s: what failed before is what the run failed with.
    let error = orch
        .start(Recovers, probe.clone())
        .await?
        .result()
        .await
        .unwrap_err();
    assert_eq!(probe.times("call"), [0, 4].map(secs));
    assert_eq!(error.error(), Some(&Refused("down")));
    assert_eq!(error.failures()[0].attempt(), 2);
    // At 14 s it lets one probe, which opens it again, and at 24 s another one, which closes it.
    tokio::time::sleep(secs(6)).await;
    orch.start(Recovers, probe.clone())
        .await?
        .result()
        .await
        .unwrap_err();
    tokio::time::sleep(secs(6)).await;
    assert_eq!(
        orch.start(Recovers, probe.clone()).await?.result().await?,
        1
    );
    assert_eq!(probe.times("call"), [0, 4, 14, 24].map(secs));
    // A breaker without a name is its step's, under the step's name.
    let breaker = orch.breaker("recovers").unwrap();
    assert_eq!(breaker.snapshot().opened, 2);
    let names: Vec<_> = orch
        .breakers()
        .iter()
        .map(|breaker| breaker.name().to_owned())
        .collect();
    assert_eq!(names, ["recovers"]);
    Ok(())
}

workflow! {
    pub Probing(probe: Probe) -> Result<(), Bad> {
        hung = hangs(&probe, "hung");
        #[node(on = all_done)]
        unreachable_in_time(hung);
        asks(&probe, Answer::Silent);
    }
}

#[step]
fn unreachable_in_time(_hung: Outcome<&&'static str>) {}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_counts_neither_way() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    for _ in 0..3 {
        ask(&orch, &probe, Answer::Broken).await;
    }
    tokio::time::sleep(secs(60)).await;
    let breaker = orch.breaker("api").unwrap();
    let runs = [
        orch.start(Probing, probe.clone()).await?,
        orch.start(Probing, probe.clone()).await?,
    ];
    tokio::time::sleep(secs(2)).await;
    assert_eq!(breaker.snapshot().probing, 2);
    assert_eq!(ask(&orch, &probe, Answer::Well).await, "breaker_open");
    for run in runs {
        run.cancel("enough");
        run.result().await.unwrap_err();
    }
    assert_eq!(
        (breaker.state(), breaker.snapshot().probing),
        (BreakerState::HalfOpen, 0)
    );
    assert_eq!(ask(&orch, &probe, Answer::Well).await, "ok");
    Ok(())
}

// ---- states that outlive their process

#[step(breaker(name = "kept", failure_threshold = 2, recovery_timeout = "1h"))]
async fn shared(probe: &Probe, answer: Answer) -> Result<(), Bad> {
    probe.note("shared");
    match answer {
        Answer::Well => Ok(()),
        _ => Err(Bad(answer)),
    }
}

#[step(breaker(failure_threshold = 1, recovery_timeout = "1h"))]
async fn alone(probe: &Probe, answer: Answer) -> Result<(), Bad> {
    probe.note("alone");
    match answer {
        Answer::Well => Ok(()),
        _ => Err(Bad(answer)),
    }
}

workflow! {
    pub Both(probe: Probe, answer: Answer) -> Result<(), Bad> {
        #[node(optional)]
        shared = shared(&probe, answer);
        #[node(after = [shared])]
        alone(&probe, answer)
    }
}

/// What a process that begins now finds of the two breakers.
async fn process(file: &std::path::Path) -> Orchestrator {
    Orchestrator::builder()
        .store(Sqlite::open(file).await.unwrap())
        .workflow(Both)
        .build()
        .await
        .unwrap()
}

fn states(orch: &Orchestrator) -> [BreakerState; 2] {
    ["kept", "alone"].map(|name| orch.breaker(name).unwrap().state())
}

#[tokio::test]
async fn an_open_breaker_is_open_after_a_restart() {
    use BreakerState::{Closed, HalfOpen, Open};
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("runs.db");
    let probe = Probe::new();
    let begin = async |orch: &Orchestrator, answer| {
        let run = orch.start(Both, (probe.clone(), answer)).await.unwrap();
        run.result().await
    };
    let db = || rusqlite::Connection::open(&file).unwrap();
    let kept = || -> i64 {
        let count = "SELECT count(*) FROM kept WHERE space = 'breaker'";
        db().query_row(count, [], |row| row.get(0)).unwrap()
    };

    let first = process(&file).await;
    assert_eq!(states(&first), [Closed, Closed]);
    begin(&first, Answer::Well).await.unwrap();
    begin(&first, Answer::Broken).await.unwrap_err();
    assert_eq!(states(&first), [Closed, Open]);
    begin(&first, Answer::Broken).await.unwrap_err();
    assert_eq!(states(&first), [Open, Open]);
    assert_eq!((probe.count("shared"), probe.count("alone")), (3, 2));
    first.shutdown(secs(5)).await;
    assert_eq!(kept(), 2);

    let second = process(&file).await;
    assert_eq!(states(&second), [Open, Open]);
    let error = begin(&second, Answer::Well).await.unwrap_err();
    assert_eq!(error.failures()[0].kind(), ErrorKind::BreakerOpen);
    assert_eq!((probe.count("shared"), probe.count("alone")), (3, 2));
    second.shutdown(secs(5)).await;

    // As if the clock had been set back by ten years since: open for no longer than from its opening on.
    let shift = |by: &str| {
        let shifted = format!(
            "UPDATE kept SET value = json_set(value, '$.until', (value ->> '$.until') {by})"
        );
        assert_eq!(db().execute(&shifted, []).unwrap(), 2);
    };
    shift("+ 315360000000");
    let third = process(&file).await;
    let left = third
        .breaker("kept")
        .unwrap()
        .snapshot()
        .retry_after
        .unwrap();
    assert!(secs(3_500) < left && left <= secs(3_600), "{left:?}");
    third.shutdown(secs(5)).await;

    // As if the hour had passed while nobody was there.
    shift("- 315370000000");
    let fourth = process(&file).await;
    assert_eq!(states(&fourth), [HalfOpen, HalfOpen]);
    begin(&fourth, Answer::Well).await.unwrap();
    assert_eq!(states(&fourth), [Closed, Closed]);
    fourth.shutdown(secs(5)).await;
    assert_eq!(kept(), 0, "what is closed is not kept");
    assert_eq!(states(&process(&file).await), [Closed, Closed]);
}
