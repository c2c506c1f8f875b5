//! What five recorded steps cost with a thousand, a hundred thousand and a million ended runs in the file.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark"
)]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use orch::prelude::*;
use orch::store::{Applied, Change, Entry, EntryKind, Filter, Held, NewRun, Sqlite, Store as _};
use orch::{RunId, RunStatus};
use orch_benches::harness::median;
use orch_benches::options::Options;
use orch_benches::recorded::{self, Five};
use orch_benches::report::table;
use tempfile::TempDir;
use turn::{Figure, STEPS, Synchronous, Turn};

const STORED: [u64; 3] = [1_000, 100_000, 1_000_000];
/// The most that a run may cost with many stored, as a share of what it costs with few.
const AT_MOST: f64 = 1.2;
/// How many workflows are under way at once.
const AT_A_TIME: u64 = 64;
/// How many runs are stored in one transaction.
const BATCH: u64 = 10_000;
/// What a row of the table is about.
const IDS: [&str; 2] = ["ids that Orch gives", "ids without an order"];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let Some(options) = Options::of_process() else {
        return ExitCode::from(2);
    };
    let (rounds, total) = if options.quick {
        (5, 2_000)
    } else {
        (9, 5_000)
    };
    let mut files = Vec::new();
    for stored in STORED {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let turn = Turn::new(folder.path(), total, AT_A_TIME, Synchronous::Full);
        fill(&turn.database(), stored).await;
        files.push((folder, turn));
    }
    let mut figures = vec![[const { Vec::new() }; 2]; files.len()];
    for round in 0..rounds {
        for (ids, _) in IDS.iter().enumerate() {
            for place in 0..files.len() {
                let place = (place + round) % files.len();
                let figure = take(&files[place], ids == 1).await;
                figures[place][ids].push(figure.per_second);
            }
        }
    }
    let mut rows = Vec::new();
    let mut worst = 0_f64;
    for (ids, title) in IDS.iter().enumerate() {
        let figures: Vec<_> = figures.iter().map(|all| median(all[ids].clone())).collect();
        let mut row = vec![(*title).to_owned()];
        row.extend(figures.iter().map(|figure| format!("{figure:.0}")));
        for figure in &figures[1..] {
            let cost = figures[0] / figure;
            worst = worst.max(cost);
            row.push(format!("{cost:.2}"));
        }
        rows.push(row);
    }
    let head = [
        "workflows a second, 64 at a time, FULL",
        "1,000 stored",
        "100,000 stored",
        "1,000,000 stored",
        "cost with 100,000",
        "cost with 1,000,000",
    ];
    println!("{}", table(&head, &rows));
    let missed = options.check && worst > AT_MOST;
    if missed {
        eprintln!(
            "a run costs {worst:.2} times what it does in a small file; {AT_MOST} is allowed"
        );
    }
    ExitCode::from(u8::from(missed))
}

/// Runs workflows on a file, which is left as it was.
async fn take((_folder, turn): &(TempDir, Turn), unordered: bool) -> Figure {
    let store = recorded::store(turn).await.unwrap();
    let builder = Orchestrator::builder().store(store).workflow(Five);
    let orch = builder.build().await.unwrap();
    let runner = orch.clone();
    let figure = turn.take(move |n| {
        let start = runner.start(Five, n);
        let start = if unordered {
            start.id(id("run", n))
        } else {
            start
        };
        async move { start.await.unwrap().result().await.unwrap() }
    });
    let figure = figure.await;
    orch.shutdown(Duration::from_secs(5)).await;

    let store = recorded::store(turn).await.unwrap();
    let latest = Filter {
        limit: usize::try_from(turn.total).unwrap(),
        ..Filter::default()
    };
    let ran = store.list(&latest).unwrap();
    let delete: Vec<_> = ran
        .iter()
        .map(|run| Change::Delete { run: run.key })
        .collect();
    answers(&store, &delete);
    figure
}

/// An id that says nothing about when its run was started.
fn id(kind: &str, n: u64) -> String {
    format!("{:016x}-{kind}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Stores runs that have ended.
async fn fill(path: &Path, stored: u64) {
    let store = Sqlite::options().synchronous(orch::store::Synchronous::Off);
    let store = store.open(path).await.unwrap();
    let owner = store.join(Arc::new(|_| {})).unwrap();
    for first in (0..stored).step_by(usize::try_from(BATCH).unwrap()) {
        let batch = first..stored.min(first + BATCH);
        let starts: Vec<_> = batch
            .map(|n| {
                Change::Start(Box::new(NewRun {
                    id: RunId::new(id("stored", n)),
                    workflow: Five::SPEC.name.to_owned(),
                    version: Five::SPEC.version.to_owned(),
                    fingerprint: Five::GRAPH.fingerprint().to_string(),
                    input: n.to_string(),
                    correlation_id: None,
                    parent: None,
                    priority: 0,
                    at: n.cast_signed(),
                    deadline: None,
                    owner: Some(owner),
                    entries: Vec::new(),
                    at_most: None,
                    artifacts: Vec::new(),
                    artifacts_of: None,
                }))
            })
            .collect();
        let ends: Vec<_> = answers(&store, &starts)
            .into_iter()
            .map(|answer| match answer {
                Applied::Started { held, .. } => end(held),
                other => panic!("{other:?}"),
            })
            .collect();
        answers(&store, &ends);
    }
    store.leave(owner).unwrap();
}

fn end(held: Held) -> Change {
    let entries = (1..=STEPS.cast_signed()).map(|seq| Entry {
        seq,
        node: format!("add{seq}"),
        kind: EntryKind::Done,
        value: Some(seq.to_string()),
        item: None,
        at: 0,
    });
    Change::End {
        held,
        entries: entries.collect(),
        status: RunStatus::Completed,
        output: Some("5".to_owned()),
        error: None,
        at: 1,
    }
}

fn answers(store: &Sqlite, changes: &[Change]) -> Vec<Applied> {
    let answers = store.commit(changes).unwrap();
    answers.into_iter().map(Result::unwrap).collect()
}
