//! Results that outlive the process that computed them.

use orch::Orchestrator;
use orch::prelude::*;
use orch::store::Sqlite;
use serde::{Deserialize, Serialize};

use super::run;
use crate::probe::{Probe, Refused};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    of: String,
    cents: u64,
}

#[step(cache(key = "quotes:{of}", ttl = "10m", tags = ["quotes"]))]
async fn quote(of: String, #[resource] probe: &Probe) -> Result<Quote, Refused> {
    probe.note(format!("quote {of}"));
    Ok(Quote {
        cents: of.len() as u64,
        of,
    })
}

/// It has no JSON.
#[derive(Debug, Clone)]
pub struct Opaque(u64);

#[step(cache_ttl = 600)]
fn opaque(n: u64, #[resource] probe: &Probe) -> Opaque {
    probe.note(format!("opaque {n}"));
    Opaque(n)
}

#[step(cache_ttl = 600)]
fn drawn(n: u64, #[resource] probe: &Probe) -> Artifact {
    probe.note(format!("drawn {n}"));
    vec![0; n as usize].into()
}

workflow! {
    pub Quotes(of: String, n: u64) -> Result<(Quote, u64, u64), Refused> {
        quote = quote(of.clone());
        opaque = opaque(n);
        drawn = drawn(n);
        (quote.clone(), opaque.0, drawn.size())
    }
}

/// Another version of the step above, whose output has grown.
mod later {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct Quote {
        pub of: String,
        pub cents: u64,
        pub currency: String,
    }

    workflow! {
        pub Later(of: String) -> Quote { quote = later_quote(of); quote.clone() }
    }

    #[step(version = "1", cache(key = "{of}", ttl = "10m"))]
    async fn later_quote(of: String, #[resource] probe: &Probe) -> Quote {
        probe.note(format!("quote {of}"));
        Quote {
            of,
            cents: 1,
            currency: "EUR".to_owned(),
        }
    }
}

/// An orchestrator of one process that keeps its results in this file.
async fn process(probe: &Probe, file: &std::path::Path) -> Orchestrator {
    Orchestrator::builder()
        .resource(probe.clone())
        .store(Sqlite::open(file).await.unwrap())
        .stored_cache()
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn results_in_a_store_survive_their_process() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("runs.db");
    let probe = Probe::new();
    let input = || ("lamp".to_owned(), 7);
    let lamp = Quote {
        of: "lamp".to_owned(),
        cents: 4,
    };
    let notes = |quotes, others| {
        assert_eq!(probe.count("quote lamp"), quotes);
        assert_eq!(
            (probe.count("opaque 7"), probe.count("drawn 7")),
            (others, others)
        );
    };
    let first = process(&probe, &file).await;
    for _ in 0..2 {
        let result = run(&first, Quotes, input()).await;
        assert_eq!(result, (lamp.clone(), 7, 7));
        notes(1, 1);
    }
    drop(first);
    let second = process(&probe, &file).await;
    for _ in 0..2 {
        let result = run(&second, Quotes, input()).await;
        assert_eq!(result, (lamp.clone(), 7, 7));
        notes(1, 2);
    }
    // What one process invalidates is gone for the other.
    let third = process(&probe, &file).await;
    assert_eq!(third.cache().unwrap().invalidate_tag("quotes").await, 1);
    run(&second, Quotes, input()).await;
    notes(2, 2);
    let rows = |sql: &str| -> i64 {
        let db = rusqlite::Connection::open(&file).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let kept = "SELECT count(*) FROM kept WHERE space = 'cache'";
    assert_eq!(rows(kept), 1, "what has no JSON stays in memory");
    let json = "SELECT value ->> '$.value.cents' FROM kept WHERE space = 'cache'";
    assert_eq!(rows(json), 4, "readable");
}

#[tokio::test]
async fn a_result_that_no_longer_fits_is_computed_anew() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("runs.db");
    let probe = Probe::new();
    let before = process(&probe, &file).await;
    run(&before, later::Later, "lamp".to_owned()).await;
    let db = rusqlite::Connection::open(&file).unwrap();
    let narrower = "UPDATE kept SET value = json_remove(value, '$.value.currency')";
    assert_eq!(db.execute(narrower, []).unwrap(), 1);
    for _ in 0..2 {
        let quote = run(&before, later::Later, "lamp".to_owned()).await;
        assert_eq!(quote.currency, "EUR");
        assert_eq!(probe.count("quote lamp"), 2, "and kept again");
    }
}

#[tokio::test]
async fn what_has_expired_goes_away() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("runs.db");
    let probe = Probe::new();
    let orch = process(&probe, &file).await;
    let input = |of: &str| (of.to_owned(), 7);
    run(&orch, Quotes, input("lamp")).await;
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute("UPDATE kept SET expires_at = 1", []).unwrap();
    run(&orch, Quotes, input("lamp")).await;
    assert_eq!(probe.count("quote lamp"), 2);
    db.execute("UPDATE kept SET expires_at = 1", []).unwrap();
    run(&orch, Quotes, input("other")).await;
    let keys: String = db
        .query_row("SELECT group_concat(key) FROM kept", [], |row| row.get(0))
        .unwrap();
    assert!(
        keys.ends_with("quotes:other") && !keys.contains("lamp"),
        "{keys}"
    );
}

#[tokio::test]
async fn a_cache_in_a_store_wants_one() {
    let built = Orchestrator::builder().stored_cache().build().await;
    let error = built.err().map(|error| error.to_string()).unwrap();
    assert!(error.contains("give one with `.store(…)`"), "{error}");
}
