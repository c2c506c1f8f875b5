//! Five trivial steps in a row, each recorded on a file, beside the same rows written by hand.
//!
//! By hand means: one thread that writes, one transaction for all that was submitted meanwhile, `synchronous = FULL`,
//! and seven rows a workflow: its start, five results, its end.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark"
)]

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use orch::prelude::*;
use orch::store::{Sqlite, Synchronous};
use rusqlite::Connection;
use tokio::sync::oneshot;

#[step]
async fn add(n: u64) -> u64 {
    n + 1
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Five(n: u64) -> u64 {
        a = add(n);
        b = add(a);
        c = add(b);
        d = add(c);
        e = add(d);
        e
    }
}

/// A row, and whoever waits for it to be kept.
type Row = (i64, i64, u64, oneshot::Sender<()>);

/// The floor: a thread that writes what was submitted.
#[derive(Clone)]
struct Floor(mpsc::Sender<Row>);

impl Floor {
    fn open(path: &Path, synchronous: &str) -> Self {
        let mut connection = Connection::open(path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "wal")
            .unwrap();
        connection
            .pragma_update(None, "synchronous", synchronous)
            .unwrap();
        connection
            .execute_batch("CREATE TABLE row (run INTEGER, seq INTEGER, value TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID, STRICT")
            .unwrap();
        let (sender, rows) = mpsc::channel::<Row>();
        std::thread::spawn(move || {
            while let Ok(first) = rows.recv() {
                let mut answers = Vec::new();
                let transaction = connection.transaction().unwrap();
                {
                    let mut insert = transaction
                        .prepare_cached("INSERT INTO row VALUES (?1, ?2, ?3)")
                        .unwrap();
                    for (run, seq, value, answer) in
                        std::iter::once(first).chain(rows.try_iter()).take(1_000)
                    {
                        insert.execute((run, seq, value.to_string())).unwrap();
                        answers.push(answer);
                    }
                }
                transaction.commit().unwrap();
                for answer in answers {
                    let _ = answer.send(());
                }
            }
        });
        Self(sender)
    }

    async fn keep(&self, run: i64, seq: i64, value: u64) {
        let (sender, kept) = oneshot::channel();
        self.0.send((run, seq, value, sender)).unwrap();
        kept.await.unwrap();
    }

    async fn run(&self, run: i64) -> u64 {
        let mut value = run as u64;
        self.keep(run, 0, value).await;
        for seq in 1..=5 {
            value += 1;
            self.keep(run, seq, value).await;
        }
        self.keep(run, 6, value).await;
        value
    }
}

struct Figure {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

/// Runs `total` workflows, so many at a time.
async fn measure<F, R>(total: i64, at_a_time: i64, run: F) -> Figure
where
    F: Fn(i64) -> R + Clone + Send + 'static,
    R: Future<Output = u64> + Send,
{
    let begun = Instant::now();
    let tasks: Vec<_> = (0..at_a_time)
        .map(|first| {
            let run = run.clone();
            tokio::spawn(async move {
                let mut took = Vec::new();
                for n in (first..total).step_by(at_a_time as usize) {
                    let begun = Instant::now();
                    assert_eq!(run(n).await, n as u64 + 5);
                    took.push(begun.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let per_second = total as f64 / begun.elapsed().as_secs_f64();
    took.sort_unstable();
    Figure {
        per_second,
        p50: took[took.len() / 2],
        p99: took[took.len() * 99 / 100],
    }
}

fn fresh(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let scale = if quick { 1 } else { 5 };
    println!("five steps in a row; workflows a second (p50 / p99 in milliseconds)");
    for (mode, synchronous) in [("FULL", Synchronous::Full), ("NORMAL", Synchronous::Normal)] {
        for (at_a_time, total) in [(1, 300 * scale), (64, 10_000 * scale)] {
            let (mut orchs, mut floors) = (Vec::new(), Vec::new());
            for round in 0..3 {
                let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
                let floor = Floor::open(&fresh(folder.path(), "floor.db"), mode);
                let figure = measure(total, at_a_time, move |n| {
                    let floor = floor.clone();
                    async move { floor.run(n).await }
                });
                floors.push(figure.await);

                let store = Sqlite::options().synchronous(synchronous);
                let store = store.open(fresh(folder.path(), "orch.db")).await.unwrap();
                let orch = Orchestrator::builder()
                    .store(store)
                    .workflow(Five)
                    .build()
                    .await
                    .unwrap();
                let runner = orch.clone();
                let figure = measure(total, at_a_time, move |n| {
                    let orch = runner.clone();
                    async move {
                        orch.start(Five, n as u64)
                            .await
                            .unwrap()
                            .result()
                            .await
                            .unwrap()
                    }
                });
                orchs.push(figure.await);
                orch.shutdown(Duration::from_secs(5)).await;
                let _ = round;
            }
            let middle = |figures: &mut Vec<Figure>| {
                figures.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
                figures.swap_remove(1)
            };
            let (orch, floor) = (middle(&mut orchs), middle(&mut floors));
            let shown = |figure: &Figure| {
                format!(
                    "{:8.0} ({:.2} / {:.2})",
                    figure.per_second,
                    figure.p50.as_secs_f64() * 1e3,
                    figure.p99.as_secs_f64() * 1e3
                )
            };
            println!(
                "{mode:6} {at_a_time:3} at a time: orch {}, by hand {}; ratio {:.2}, p50 ratio {:.2}",
                shown(&orch),
                shown(&floor),
                orch.per_second / floor.per_second,
                orch.p50.as_secs_f64() / floor.p50.as_secs_f64()
            );
        }
    }
}
