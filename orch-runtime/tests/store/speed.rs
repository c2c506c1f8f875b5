//! How many changes a second a store takes. Not checked but printed:
//! `cargo test --release -p orch-runtime --test store -- --ignored --nocapture speed`.

use std::sync::Arc;
use std::time::Instant;

use orch_core::run::{RunId, RunStatus};
use orch_runtime::store::journal::Journal;
use orch_runtime::store::{
    Applied, Change, Entry, EntryKind, Held, NewRun, OwnerId, Sqlite, Store, Synchronous,
};

fn start(id: String, owner: OwnerId) -> Change {
    Change::Start(Box::new(NewRun {
        id: RunId::new(id),
        workflow: "checkout".into(),
        version: "1.2.0".into(),
        fingerprint: "5f3a9c0d1e2b4f60".into(),
        input: r#"{"order":42}"#.into(),
        correlation_id: None,
        parent: None,
        priority: 50,
        at: 1_800_000_000_000,
        deadline: None,
        owner: Some(owner),
        entries: Vec::new(),
    }))
}

fn record(held: Held, seq: i64) -> Change {
    Change::Record {
        held,
        entries: vec![Entry {
            seq,
            node: "charge".into(),
            kind: EntryKind::Done,
            value: Some("12345".into()),
            item: None,
            at: 1_800_000_000_000,
        }],
    }
}

fn end(held: Held) -> Change {
    Change::End {
        held,
        entries: Vec::new(),
        status: RunStatus::Completed,
        output: Some("12345".into()),
        error: None,
        at: 1_800_000_000_000,
    }
}

fn held(applied: &Applied) -> Held {
    match applied {
        Applied::Started {
            held, fresh: true, ..
        } => *held,
        other => panic!("{other:?}"),
    }
}

/// So many workflows of seven rows at once, each batch a step of all of them: rows a second.
fn rows_a_second(
    store: &Sqlite,
    owner: OwnerId,
    at_once: usize,
    seconds: f64,
    prefix: &str,
) -> f64 {
    let began = Instant::now();
    let (mut rows, mut next) = (0, 0);
    // Each at a step of its own, as they would be.
    let mut under_way: Vec<(Option<Held>, i64)> = (0..at_once)
        .map(|place| (None, -(place as i64 % 7)))
        .collect();
    while began.elapsed().as_secs_f64() < seconds {
        let changes: Vec<Change> = under_way
            .iter()
            .map(|(held, step)| match (held, step) {
                (Some(held), 1..=5) => record(*held, *step),
                (Some(held), _) => end(*held),
                (None, _) => {
                    next += 1;
                    start(format!("{prefix}-{next:012}"), owner)
                }
            })
            .collect();
        let answers = store.commit(&changes).unwrap();
        for (place, answer) in under_way.iter_mut().zip(&answers) {
            let applied = answer.as_ref().unwrap();
            *place = match *place {
                (None, _) => (Some(held(applied)), 1),
                (Some(held), step @ 1..=5) => (Some(held), step + 1),
                (Some(_), _) => (None, 0),
            };
        }
        rows += answers.len();
    }
    rows as f64 / began.elapsed().as_secs_f64()
}

#[test]
#[ignore = "prints figures"]
fn speed() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for at_once in [1, 64, 256, 1024] {
            let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let store = Sqlite::options()
                .synchronous(synchronous)
                .open_blocking(directory.path().join("speed.db"))
                .unwrap();
            let owner = store.join(Arc::new(|_| {})).unwrap();
            let rate = rows_a_second(&store, owner, at_once, 3.0, "run");
            println!(
                "{synchronous:?}, batches of {at_once}: {rate:.0} rows/s, {:.0} workflows/s",
                rate / 7.0
            );
        }
    }
}

/// Workflows that wait for each of their seven changes, through the journal.
async fn workflows_a_second(journal: Arc<Journal>, owner: OwnerId, at_once: usize) -> (f64, f64) {
    let began = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|place| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let mut took = Vec::new();
                while began.elapsed().as_secs_f64() < 3.0 {
                    let start_at = Instant::now();
                    let id = format!("{place}-{}", took.len());
                    let started = journal.submit(start(id, owner)).await.unwrap();
                    let held = held(&started);
                    for seq in 1..=5 {
                        journal.submit(record(held, seq)).await.unwrap();
                    }
                    journal.submit(end(held)).await.unwrap();
                    took.push(start_at.elapsed().as_secs_f64());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    took.sort_by(f64::total_cmp);
    (
        took.len() as f64 / began.elapsed().as_secs_f64(),
        took[took.len() / 2] * 1e3,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn journal_speed() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for at_once in [1, 64, 256, 1024] {
            let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let options = Sqlite::options().synchronous(synchronous);
            let store = options
                .open(directory.path().join("speed.db"))
                .await
                .unwrap();
            let store = Arc::new(store);
            let owner = store.join(Arc::new(|_| {})).unwrap();
            let journal = Arc::new(Journal::new(store));
            let (rate, median) = workflows_a_second(Arc::clone(&journal), owner, at_once).await;
            println!(
                "{synchronous:?}, {at_once} at once: {rate:.0} workflows/s, p50 {median:.2} ms"
            );
            journal.close().await;
        }
    }
}
