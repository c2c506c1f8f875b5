//! The machine's clock may be set back while a run is under way.
//!
//! Paused time goes on by itself while the machine's clock hardly moves: to a run it is as if somebody set that clock
//! back again and again, by a day in all.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use orch::prelude::*;
use orch::{RunEvent, RunEventKind};

use crate::probe::{Probe, Refused, hangs, secs};

const DAY: u64 = 24 * 60 * 60;

#[step(cache_ttl = 3600)]
async fn kept(n: u32, #[resource] probe: &Probe) -> u32 {
    probe.note("kept");
    n
}

#[step(
    retries = 1,
    backoff(initial = "12h", factor = 1, max = "12h", jitter = "none")
)]
async fn shaky(#[ctx] ctx: &StepCtx, #[resource] probe: &Probe) -> Result<u32, Refused> {
    probe.note("shaky");
    if ctx.attempt() == 1 {
        Err(Refused("at first"))
    } else {
        Ok(7)
    }
}

#[step(timeout = "12h")]
async fn stuck(_n: u32) {
    std::future::pending::<()>().await;
}

workflow! {
    pub Long() -> u32 {
        before = kept(1);
        #[node(after = [before])]
        retried = shaky();
        #[node(optional)]
        stuck(retried);
        after = kept(1 + 0 * retried);
        before + after
    }
}

#[tokio::test(start_paused = true)]
async fn neither_order_nor_waits_are_the_clocks() -> Result<(), Box<dyn Error>> {
    let (probe, told) = (Probe::new(), Arc::new(Mutex::new(Vec::<RunEvent>::new())));
    let keep = Arc::clone(&told);
    let orch = Orchestrator::builder()
        .resource(probe.clone())
        .on_event(move |event| keep.lock().unwrap().push(event.clone()))
        .build()
        .await?;
    let before = SystemTime::now();
    assert_eq!(orch.start(Long, ()).await?.result().await?, 2);
    assert!(before.elapsed()? < secs(DAY / 2), "the clock stood still");

    assert_eq!(probe.times("shaky"), [secs(0), secs(DAY / 2)]);
    assert_eq!(
        probe.times("kept"),
        [secs(0), secs(DAY / 2)],
        "what was kept was old by then"
    );
    let told = told.lock().unwrap();
    assert!(told.is_sorted_by_key(|event| event.seq));
    assert!(told.is_sorted_by_key(|event| event.at));
    let (first, last) = (&told[0], told.last().unwrap());
    assert_eq!(last.at.duration_since(first.at)?, secs(DAY));
    assert!(
        matches!(last.kind, RunEventKind::RunEnded { duration, .. } if duration == secs(DAY)),
        "{last:?}"
    );
    Ok(())
}

workflow! { #[workflow(deadline = "1d")] pub Late(probe: Probe) { hangs(&probe, "late"); } }

#[tokio::test(start_paused = true)]
async fn a_deadline_is_not_the_clocks() -> Result<(), Box<dyn Error>> {
    let probe = Probe::new();
    let error = Late::run(probe.clone()).await.unwrap_err();
    assert!(error.is_timed_out());
    assert_eq!(probe.times("late dropped"), [secs(DAY)]);
    Ok(())
}
