//! Runs that were started: their ids, their ends, how they are cancelled, and what they stream.

use std::collections::HashSet;
use std::error::Error;
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use orch::prelude::*;
use orch::{Emission, StartError};
use tokio::time::{Instant, timeout};

use crate::probe::{Probe, Refused, eventually, hangs, millis, secs, settle, takes};

async fn orchestrator() -> Orchestrator {
    Orchestrator::builder().build().await.unwrap()
}

workflow! {
    pub Brief(probe: Probe) -> &'static str { takes(&probe, "brief", 1) }
}

workflow! {
    pub Long(probe: Probe) -> &'static str {
        hung = hangs(&probe, "long");
        #[node(finally)]
        takes(&probe, "cleanup", 2);
        hung
    }
}

// ---- ids

#[tokio::test(start_paused = true)]
async fn ids_are_given_or_made() -> Result<(), Box<dyn Error>> {
    let orch = orchestrator().await;
    let mut ids = HashSet::new();
    for _ in 0..10 {
        let run = orch.start(Brief, Probe::new()).await?;
        let id = run.id().to_string();
        assert_eq!(
            (id.len(), &id[14..15]),
            (36, "7"),
            "a UUID of version 7: {id}"
        );
        assert_eq!(run.correlation_id(), id);
        ids.insert(id);
    }
    assert_eq!(ids.len(), 10);

    let run = orch
        .start(Brief, Probe::new())
        .id("order-42")
        .correlation_id("basket-7")
        .await?;
    assert_eq!(
        (run.id().as_str(), run.correlation_id()),
        ("order-42", "basket-7")
    );
    let run = orch.start(Brief, Probe::new()).id("order-43").await?;
    assert_eq!(run.correlation_id(), "order-43");
    Ok(())
}

// ---- ends

#[tokio::test(start_paused = true)]
async fn a_started_run_goes_on_by_itself() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    let run = orch.start(Brief, probe.clone()).await?;
    assert!(!run.is_finished());
    tokio::time::sleep(secs(2)).await;
    assert!(run.is_finished());
    assert_eq!(probe.times("brief ends"), [secs(1)]);
    assert_eq!(run.result().await?, "brief");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_not_awaited_starts_nothing() {
    let (orch, probe) = (orchestrator().await, Probe::new());
    drop(orch.start(Brief, probe.clone()));
    settle().await;
    assert!(probe.notes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_lets_the_run_go_on() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    drop(orch.start(Brief, probe.clone()).await?);
    tokio::time::sleep(secs(2)).await;
    assert_eq!(probe.notes(), ["brief starts", "brief ends"]);
    assert_eq!(probe.holders(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn dropping_the_orchestrator_lets_its_runs_go_on() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    let run = orch.start(Brief, probe.clone()).await?;
    let detached = Probe::new();
    drop(orch.start(Brief, detached.clone()).await?);
    drop(orch);
    assert_eq!(run.result().await?, "brief");
    assert_eq!(detached.notes(), ["brief starts", "brief ends"]);
    Ok(())
}

#[test]
fn a_runtime_that_shuts_down_cancels_its_runs() -> Result<(), Box<dyn Error>> {
    let build = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
    };
    let (first, second) = (build()?, build()?);
    let probe = Probe::new();
    let run = first.block_on(async {
        let run = orchestrator()
            .await
            .start(Long, probe.clone())
            .id("lost")
            .await
            .unwrap();
        eventually("it starts", || probe.count("long starts") == 1).await;
        run
    });
    first.shutdown_background();
    let error = second.block_on(run.result()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "run lost of workflow `Long` was cancelled: its runtime was shut down"
    );
    second.block_on(eventually("it is dropped", || {
        probe.count("long dropped") == 1
    }));
    Ok(())
}

#[test]
fn without_a_runtime_nothing_starts() {
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(orch) = pin!(Orchestrator::builder().build()).poll(&mut cx) else {
        panic!("building waits for nothing")
    };
    let start = orch.unwrap().start(Brief, Probe::new()).into_future();
    let Poll::Ready(Err(error)) = pin!(start).poll(&mut cx) else {
        panic!("it started")
    };
    assert_eq!(error, StartError::NoRuntime);
    assert_eq!(error.code(), "no_runtime");
    assert_eq!(
        error.to_string(),
        "there is no tokio runtime here to start a run on"
    );
}

// ---- cancelling

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_drops_what_runs_and_cleans_up() -> Result<(), Box<dyn Error>> {
    let (orch, probe, began) = (orchestrator().await, Probe::new(), Instant::now());
    let run = orch.start(Long, probe.clone()).id("a").await?;
    tokio::time::sleep(secs(3)).await;
    run.cancel("the customer left");
    run.cancel("too late");
    let error = run.result().await.unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(
        error.to_string(),
        "run a of workflow `Long` was cancelled: the customer left"
    );
    assert_eq!((error.code(), error.failures().len()), ("cancelled", 0));
    assert_eq!(
        probe.notes(),
        [
            "long starts",
            "long dropped",
            "cleanup starts",
            "cleanup ends"
        ]
    );
    assert_eq!(probe.times("long dropped"), [secs(3)]);
    assert_eq!(began.elapsed(), secs(5));
    assert_eq!(probe.holders(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cancelled_before_it_was_ever_polled() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    let run = orch.start(Long, probe.clone()).await?;
    run.cancel("at once");
    assert!(run.result().await.unwrap_err().is_cancelled());
    assert_eq!(probe.notes(), ["cleanup starts", "cleanup ends"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_ended_stays_as_it_ended() -> Result<(), Box<dyn Error>> {
    let orch = orchestrator().await;
    let run = orch.start(Brief, Probe::new()).await?;
    tokio::time::sleep(secs(2)).await;
    run.cancel("too late");
    assert_eq!(run.result().await?, "brief");
    Ok(())
}

workflow! {
    pub Waits(probe: Probe) -> Result<u32, Refused> { refused_often(&probe) }
}

#[step(retries = 100, backoff(initial = "1h", factor = 1, jitter = "none"))]
async fn refused_often(probe: &Probe) -> Result<u32, Refused> {
    probe.note("attempt");
    Err(Refused("always"))
}

#[tokio::test(start_paused = true)]
async fn cancelling_does_not_wait_for_a_backoff() -> Result<(), Box<dyn Error>> {
    let (orch, probe, began) = (orchestrator().await, Probe::new(), Instant::now());
    let run = orch.start(Waits, probe.clone()).await?;
    tokio::time::sleep(secs(90 * 60)).await;
    run.cancel("enough");
    assert!(run.result().await.unwrap_err().is_cancelled());
    assert_eq!(
        (probe.count("attempt"), began.elapsed()),
        (2, secs(90 * 60))
    );
    Ok(())
}

#[step]
fn looks_around(probe: &Probe, #[ctx] ctx: &StepCtx) -> bool {
    probe.note("looks");
    let began = std::time::Instant::now();
    while !ctx.is_cancelled() && began.elapsed() < secs(20) {
        std::thread::sleep(millis(1));
    }
    probe.note("saw it");
    ctx.is_cancelled()
}

workflow! {
    pub Busy(probe: Probe) -> bool { looks_around(&probe) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_busy_can_see_that_it_is_cancelled() -> Result<(), Box<dyn Error>> {
    let (orch, probe) = (orchestrator().await, Probe::new());
    let run = orch.start(Busy, probe.clone()).await?;
    eventually("it runs", || probe.count("looks") == 1).await;
    run.cancel("enough");
    assert!(run.result().await.unwrap_err().is_cancelled());
    assert_eq!(probe.count("saw it"), 1);
    Ok(())
}

// ---- what a run streams

#[step]
async fn speaks(words: &[&'static str], #[ctx] ctx: &StepCtx) -> usize {
    for word in words {
        tokio::time::sleep(secs(1)).await;
        ctx.emit(word);
    }
    ctx.emit(&words.len());
    words.len()
}

workflow! {
    pub Speaks() -> usize {
        first = speaks(&["a", "b"]);
        each = for n in 0..2_usize { speaks(&["x"][..first.min(n)]) };
        each.len()
    }
}

#[tokio::test(start_paused = true)]
async fn partial_results_are_streamed_and_end_with_the_run() -> Result<(), Box<dyn Error>> {
    let orch = orchestrator().await;
    let mut run = orch.start(Speaks, ()).await?;
    let mut emissions = run.emissions();
    assert!(
        run.emissions().next().await.is_none(),
        "they are given once"
    );
    let mut found = Vec::new();
    while let Some(emission) = timeout(secs(60), emissions.next()).await? {
        let Emission {
            node, items, value, ..
        } = &emission;
        found.push(format!("{node} {items:?} {value}"));
    }
    assert_eq!(
        found,
        [
            r#"speaks [] "a""#,
            r#"speaks [] "b""#,
            "speaks [] 2",
            "each/speaks [0] 0",
            r#"each/speaks [1] "x""#,
            "each/speaks [1] 1",
        ]
        .map(|line| line.replacen("speaks []", "first []", 1))
    );
    assert_eq!(run.result().await?, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_partial_result_has_the_type_that_it_was_given() -> Result<(), Box<dyn Error>> {
    let orch = orchestrator().await;
    let mut run = orch.start(Speaks, ()).await?;
    let mut emissions = run.emissions();
    let first = emissions.next().await.unwrap();
    assert_eq!(first.get::<String>()?, "a");
    assert!(first.get::<u32>().is_err());
    Ok(())
}

// ---- what a step knows of its run

#[step(retries = 1, backoff(initial = "1s", jitter = "none"))]
async fn keyed(seen: &Seen, #[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    seen.0.lock().unwrap().push(ctx.idempotency_key());
    if ctx.attempt() == 1 {
        Err(Refused("at first"))
    } else {
        Ok(1)
    }
}

#[step]
async fn keyed_turn(state: (Seen, u32), #[ctx] ctx: &StepCtx) -> ControlFlow<u32, (Seen, u32)> {
    let (seen, turn) = state;
    seen.0.lock().unwrap().push(ctx.idempotency_key());
    if turn == 2 {
        ControlFlow::Break(turn)
    } else {
        ControlFlow::Continue((seen, turn + 1))
    }
}

#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<String>>>);

workflow! {
    pub Keyed(seen: Seen) -> Result<u32, Refused> {
        one = keyed(&seen);
        each = for n in 0..2_u32 { two = keyed(&seen); two + n };
        one + each[0]
    }
}

workflow! {
    pub Turns(seen: Seen) -> u32 {
        last = keyed_turn((seen.clone(), 0)).repeat(max = 5);
        last
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotency_key_is_the_same_for_the_attempts_of_a_call_and_for_no_other()
-> Result<(), Box<dyn Error>> {
    let orch = orchestrator().await;
    let seen = Seen::default();
    for id in ["run-1", "run-2"] {
        orch.start(Keyed, seen.clone())
            .id(id)
            .await?
            .result()
            .await?;
    }
    let mut keys = seen.0.lock().unwrap().clone();
    keys.sort();
    assert_eq!(
        keys,
        [
            "run-1/each/two/0",
            "run-1/each/two/1",
            "run-1/one",
            "run-2/each/two/0",
            "run-2/each/two/1",
            "run-2/one"
        ]
        .into_iter()
        .flat_map(|key| [key, key])
        .collect::<Vec<_>>()
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_turn_of_a_repeated_step_is_a_call_of_its_own() -> Result<(), Box<dyn Error>> {
    let seen = Seen::default();
    let run = orchestrator()
        .await
        .start(Turns, seen.clone())
        .id("r")
        .await?;
    assert_eq!(run.result().await?, 2);
    assert_eq!(*seen.0.lock().unwrap(), ["r/last", "r/last#1", "r/last#2"]);
    Ok(())
}

#[step]
fn describes(#[ctx] ctx: &StepCtx) -> String {
    format!(
        "{} {} {} {} {} {:?}",
        ctx.run_id(),
        ctx.correlation_id(),
        ctx.workflow(),
        ctx.node(),
        ctx.attempt(),
        ctx.items()
    )
}

workflow! {
    pub Describes() -> Vec<String> {
        outer = for _ in 0..1_u8 { inner = for _ in 0..2_u8 { own_name = describes(); own_name.clone() }; inner[1].clone() };
        outer.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_knows_where_it_runs() -> Result<(), Box<dyn Error>> {
    let orch = orchestrator().await;
    let run = orch
        .start(Describes, ())
        .id("r")
        .correlation_id("c")
        .await?;
    assert_eq!(
        run.result().await?,
        ["r c Describes outer/inner/own-name 1 [0, 1]"]
    );
    Ok(())
}
