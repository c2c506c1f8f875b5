//! How many changes a second a store takes, beside what SQLite takes of rows that nobody asks anything about, and how
//! that changes with the number of runs that are kept.
//!
//! Nothing is checked here but printed:
//! `cargo test --release -p orch-runtime --test store -- --ignored --nocapture --test-threads 1 speed`.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use orch_core::run::{RunId, RunStatus};
use orch_runtime::store::journal::Journal;
use orch_runtime::store::{
    Applied, Change, Entry, EntryKind, Filter, Held, NewRun, OwnerId, Sqlite, Store, Synchronous,
};
use rusqlite::Connection;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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
        at_most: None,
        artifacts: Vec::new(),
        artifacts_of: None,
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
fn rows_a_second(store: &Sqlite, owner: OwnerId, at_once: usize, prefix: &str) -> f64 {
    let began = Instant::now();
    let (mut rows, mut next) = (0, 0);
    // Each at a step of its own, as they would be.
    let mut under_way: Vec<(Option<Held>, i64)> = (0..at_once)
        .map(|place| (None, -(place as i64 % 7)))
        .collect();
    while began.elapsed().as_secs_f64() < SECONDS {
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

/// How long each figure is measured at a time.
const SECONDS: f64 = 1.0;

/// A table as bare as can be.
fn bare(path: &Path, synchronous: Synchronous) -> Connection {
    let db = Connection::open(path).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    db.pragma_update(None, "synchronous", format!("{synchronous:?}"))
        .unwrap();
    db.execute_batch(
        "CREATE TABLE journal (run INTEGER, seq INTEGER, node TEXT, kind TEXT, value TEXT, at INTEGER,
                               PRIMARY KEY (run, seq)) WITHOUT ROWID",
    )
    .unwrap();
    db
}

fn insert(db: &Connection, run: i64, seq: i64) {
    const INSERT: &str =
        "INSERT INTO journal VALUES (?1, ?2, 'charge', 'done', '12345', 1800000000000)";
    db.prepare_cached(INSERT)
        .unwrap()
        .execute([run, seq])
        .unwrap();
}

/// So many rows at once into a bare table: rows a second.
fn bare_rows_a_second(path: &Path, synchronous: Synchronous, at_once: usize) -> f64 {
    let db = bare(path, synchronous);
    let began = Instant::now();
    let mut rows = 0;
    while began.elapsed().as_secs_f64() < SECONDS {
        db.prepare_cached("BEGIN IMMEDIATE")
            .unwrap()
            .execute([])
            .unwrap();
        for place in 0..at_once {
            // A step of each run at a time.
            let turn = rows / at_once;
            insert(&db, (turn / 7 * at_once + place) as i64, (turn % 7) as i64);
        }
        db.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
        rows += at_once;
    }
    rows as f64 / began.elapsed().as_secs_f64()
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

#[test]
#[ignore = "prints figures"]
fn speed_of_commits() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for at_once in [1, 64, 256, 1024] {
            let directory = scratch();
            let options = Sqlite::options().synchronous(synchronous);
            let store = options
                .open_blocking(directory.path().join("speed.db"))
                .unwrap();
            let owner = store.join(Arc::new(|_| {})).unwrap();
            let (mut rates, mut floors) = (Vec::new(), Vec::new());
            for round in 0..5 {
                let path = directory.path().join(format!("floor-{round}.db"));
                floors.push(bare_rows_a_second(&path, synchronous, at_once));
                let prefix = format!("run-{round}");
                rates.push(rows_a_second(&store, owner, at_once, &prefix));
            }
            let (rate, floor) = (median(rates), median(floors));
            println!(
                "{synchronous:?}, batches of {at_once}: {rate:.0} rows/s, {:.0} workflows/s; floor {floor:.0} rows/s, {:.2} of it",
                rate / 7.0,
                rate / floor
            );
        }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[test]
#[ignore = "prints figures, and takes a minute and a gigabyte"]
fn speed_among_many() {
    let directory = scratch();
    let options = Sqlite::options().synchronous(Synchronous::Full);
    let store = options
        .open_blocking(directory.path().join("many.db"))
        .unwrap();
    let owner = store.join(Arc::new(|_| {})).unwrap();
    let mut kept = 0;
    for wanted in [1_000, 10_000, 100_000, 1_000_000] {
        let began = Instant::now();
        let mut rows = 0;
        while kept < wanted {
            let starts: Vec<Change> = (kept..(kept + 500).min(wanted))
                .map(|run| start(format!("many-{run:012}"), owner))
                .collect();
            let held: Vec<Held> = store
                .commit(&starts)
                .unwrap()
                .iter()
                .map(|answer| held(answer.as_ref().unwrap()))
                .collect();
            let rest: Vec<Change> = held
                .iter()
                .flat_map(|held| (1..=5).map(|seq| record(*held, seq)).chain([end(*held)]))
                .collect();
            store.commit(&rest).unwrap();
            kept += starts.len();
            rows += starts.len() + rest.len();
        }
        let filled = rows as f64 / began.elapsed().as_secs_f64();
        let rates =
            (0..5).map(|round| rows_a_second(&store, owner, 64, &format!("{wanted}-{round}")));
        let rate = median(rates.collect());
        let began = Instant::now();
        let failed = Filter {
            statuses: vec![RunStatus::Failed, RunStatus::Completed],
            ..Filter::default()
        };
        assert_eq!(store.list(&failed).unwrap().len(), 100);
        println!(
            "{wanted} runs kept: {rate:.0} rows/s in batches of 64 ({filled:.0} while filling in batches of 500), a list of 100 in {:?}",
            began.elapsed()
        );
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
                while began.elapsed().as_secs_f64() < SECONDS {
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
    figures(tasks, began).await
}

/// The same through a channel to a thread that inserts bare rows, and answers once they are committed.
async fn bare_workflows_a_second(
    path: &Path,
    synchronous: Synchronous,
    at_once: usize,
) -> (f64, f64) {
    type Row = (i64, i64, oneshot::Sender<()>);
    let db = bare(path, synchronous);
    let (submit, submitted) = mpsc::channel::<Row>();
    let writer = thread::spawn(move || {
        while let Ok(first) = submitted.recv() {
            let rows: Vec<Row> = std::iter::once(first)
                .chain(submitted.try_iter().take(1023))
                .collect();
            db.prepare_cached("BEGIN IMMEDIATE")
                .unwrap()
                .execute([])
                .unwrap();
            for (run, seq, _) in &rows {
                insert(&db, *run, *seq);
            }
            db.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
            for (_, _, reply) in rows {
                reply.send(()).unwrap();
            }
        }
    });
    let began = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|place| {
            let submit = submit.clone();
            tokio::spawn(async move {
                let mut took = Vec::new();
                while began.elapsed().as_secs_f64() < SECONDS {
                    let started = Instant::now();
                    let run = took.len() * at_once + place;
                    for seq in 0..7 {
                        let (reply, answer) = oneshot::channel();
                        submit.send((run as i64, seq, reply)).unwrap();
                        answer.await.unwrap();
                    }
                    took.push(started.elapsed().as_secs_f64());
                }
                took
            })
        })
        .collect();
    drop(submit);
    let figures = figures(tasks, began).await;
    writer.join().unwrap();
    figures
}

/// How many a second, and how many milliseconds the median took.
async fn figures(tasks: Vec<JoinHandle<Vec<f64>>>, began: Instant) -> (f64, f64) {
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let rate = took.len() as f64 / began.elapsed().as_secs_f64();
    (rate, median(took) * 1e3)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn speed_of_the_journal() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for at_once in [1, 64, 256, 1024] {
            let (mut ours, mut floors) = (Vec::new(), Vec::new());
            for _ in 0..5 {
                let directory = scratch();
                let path = directory.path().join("floor.db");
                floors.push(bare_workflows_a_second(&path, synchronous, at_once).await);
                let options = Sqlite::options().synchronous(synchronous);
                let store = options
                    .open(directory.path().join("speed.db"))
                    .await
                    .unwrap();
                let store = Arc::new(store);
                let owner = store.join(Arc::new(|_| {})).unwrap();
                let journal = Arc::new(Journal::new(store));
                ours.push(workflows_a_second(Arc::clone(&journal), owner, at_once).await);
                journal.close().await;
            }
            let of = |figures: &[(f64, f64)]| {
                let (rates, medians) = figures.iter().copied().unzip();
                (median(rates), median(medians))
            };
            let ((rate, p50), (floor, floor_p50)) = (of(&ours), of(&floors));
            println!(
                "{synchronous:?}, {at_once} at once: {rate:.0} workflows/s, p50 {p50:.2} ms; \
                 floor {floor:.0}, p50 {floor_p50:.2} ms; {:.2} of its rate, {:.2} of its p50",
                rate / floor,
                p50 / floor_p50
            );
        }
    }
}
