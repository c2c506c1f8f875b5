//! The last good value in place of a failure.

use std::error::Error;

use orch::prelude::*;
use orch::store::Sqlite;
use orch::{ErrorKind, Orchestrator, RunEventKind};

use super::run;
use crate::probe::{Probe, Refused, secs};

/// How a source is, which a test changes.
#[derive(Debug, Clone, Default)]
pub struct Source(std::sync::Arc<std::sync::atomic::AtomicBool>);

impl Source {
    fn is_down(&self, down: bool) {
        self.0.store(down, std::sync::atomic::Ordering::SeqCst);
    }
}

#[step(
    cache(ttl = "1m", tags = ["spot"]),
    fallback = stale(max_age = "1h"),
    retries = 1,
    backoff(initial = "1s", jitter = "none"),
    breaker(failure_threshold = 4, recovery_timeout = "10h")
)]
async fn spot(
    metal: &str,
    #[resource] probe: &Probe,
    #[resource] source: &Source,
) -> Result<u32, Refused> {
    probe.note(metal);
    if source.0.load(std::sync::atomic::Ordering::SeqCst) {
        return Err(Refused("down"));
    }
    Ok(7)
}

#[step]
fn told(_spot: u32, #[ctx] ctx: &StepCtx) -> (serde_json::Value, Option<Origin>) {
    (ctx.metadata("spot"), ctx.origin("spot"))
}

workflow! {
    pub Spot(metal: String) -> Result<(u32, serde_json::Value, Option<Origin>), Refused> {
        spot = spot(&metal);
        told = told(spot);
        (spot, told.0.clone(), told.1.clone())
    }
}

workflow! {
    /// For this use a value may be older.
    pub Patient(metal: String) -> Result<u32, Refused> {
        #[node(fallback = stale(max_age = "2h"))]
        spot(&metal)
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_good_value_stands_in_for_a_failure() -> Result<(), Box<dyn Error>> {
    let (probe, source) = (Probe::new(), Source::default());
    let degraded = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&degraded);
    let orch = Orchestrator::builder()
        .resource(probe.clone())
        .resource(source.clone())
        .on_event(move |event| {
            if let RunEventKind::Degraded { .. } = event.kind {
                seen.lock()
                    .unwrap()
                    .push(serde_json::to_value(event).unwrap());
            }
        })
        .build()
        .await?;
    let ask = async |id: &str| {
        let run = orch.start(Spot, "gold".to_owned()).id(id).await.unwrap();
        run.result().await
    };
    let events = || degraded.lock().unwrap().len();
    assert_eq!(ask("first").await?.0, 7);
    source.is_down(true);
    tokio::time::advance(secs(59)).await;
    assert_eq!(ask("fresh").await?.2, ask("fresh too").await?.2);
    assert_eq!(
        (probe.count("gold"), events()),
        (1, 0),
        "nothing is degraded"
    );

    // No longer fresh, and its source is down: after the retries.
    tokio::time::advance(secs(61)).await;
    let (spot, metadata, origin) = ask("stale").await?;
    assert_eq!((spot, probe.count("gold")), (7, 3));
    let runtime = &metadata["step"]["metadata"]["runtime"];
    assert_eq!(runtime["status"], "degraded");
    assert_eq!(runtime["cache"]["origin_run"], "first");
    assert_eq!(runtime["cache"]["age_seconds"], 121.0);
    let Some(Origin::Stale { age, run: by, .. }) = origin else {
        panic!("{origin:?}");
    };
    assert_eq!((age, by.as_str()), (secs(121), "first"));
    assert_eq!(events(), 1);
    let event = degraded.lock().unwrap()[0].clone();
    assert_eq!(
        (&event["event"], &event["node"]),
        (&"degraded".into(), &"spot".into())
    );
    assert_eq!(event["error"]["code"], "failed", "{event}");

    // The next failures open the breaker, and then the source is left alone.
    ask("opens").await?;
    ask("open").await?;
    assert_eq!((probe.count("gold"), events()), (5, 3));
    let last = degraded.lock().unwrap()[2].clone();
    assert_eq!(last["error"]["code"], "breaker_open");

    // What is too old is a failure, unless a use says that it is not.
    tokio::time::advance(secs(3_600)).await;
    let error = ask("too old").await.unwrap_err();
    assert_eq!(error.failures()[0].kind(), ErrorKind::BreakerOpen);
    assert_eq!(run(&orch, Patient, "gold".to_owned()).await, 7);

    // What was invalidated is not good any more.
    orch.cache().unwrap().invalidate_tag("spot").await;
    let patient = orch.start(Patient, "gold".to_owned()).await?;
    assert!(patient.result().await.is_err());
    Ok(())
}

#[tokio::test]
async fn the_last_good_value_survives_its_process() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("runs.db");
    let (probe, source) = (Probe::new(), Source::default());
    let process = async || {
        Orchestrator::builder()
            .resource(probe.clone())
            .resource(source.clone())
            .store(Sqlite::open(&file).await.unwrap())
            .stored_cache()
            .build()
            .await
            .unwrap()
    };
    let ask = async |orch: &Orchestrator| {
        let run = orch.start(Spot, "gold".to_owned()).await.unwrap();
        run.result().await
    };
    assert_eq!(ask(&process().await).await.unwrap().0, 7);
    source.is_down(true);
    // As if ten minutes had passed.
    let db = rusqlite::Connection::open(&file).unwrap();
    let age = "UPDATE kept SET value = json_set(value, '$.computed_at', (value ->> '$.computed_at') - 600000, \
               '$.fresh_until', (value ->> '$.fresh_until') - 600000)";
    assert_eq!(db.execute(age, []).unwrap(), 1);
    let (spot, metadata, _) = ask(&process().await).await.unwrap();
    assert_eq!(spot, 7);
    assert_eq!(
        metadata["step"]["metadata"]["runtime"]["status"],
        "degraded"
    );
}
