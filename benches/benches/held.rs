//! For how long a fan of 100,000 keeps a worker from others at a time.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables for whoever runs it"
)]

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use orch_benches::candidates::by_hand::spawned;
use orch_benches::candidates::orch::succeeded;
use orch_benches::harness::Flavor;
use orch_benches::options::Options;
use orch_benches::report::table;
use orch_benches::steps::{SEED, mix, sum};
use orch_benches::workflows::{Fan, PlainFan};

const WIDTH: u64 = 100_000;
/// The longest that a worker may be held.
const AT_MOST: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    let Some(options) = Options::of_process() else {
        return ExitCode::from(2);
    };
    let rounds = if options.quick { 9 } else { 41 };
    let mut longest = [const { Vec::new() }; 4];
    for _ in 0..rounds {
        longest[0].push(beside(async { succeeded(Fan::run(SEED, WIDTH).await) }));
        longest[1].push(beside(async {
            succeeded(PlainFan::run(SEED, WIDTH).await)
        }));
        longest[2].push(beside(by_hand()));
        longest[3].push(beside(async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            0
        }));
    }
    let names = [
        "Orch",
        "Orch, plain steps",
        "spawn per node",
        "nothing, for 50 ms",
    ];
    let mut rows = Vec::new();
    for (name, longest) in names.iter().zip(&mut longest) {
        longest.sort();
        rows.push(vec![
            (*name).to_owned(),
            format!("{:.2}", longest[rounds / 2].as_secs_f64() * 1000.0),
            format!("{:.2}", longest[0].as_secs_f64() * 1000.0),
        ]);
    }
    println!("The longest lap of a ticking task beside a fan of 100,000, on one thread, ms:\n");
    println!("{}", table(&["", "median", "least"], &rows));
    if options.check && longest[0][0] > AT_MOST * 4 / 3 {
        eprintln!("a fan holds a worker for {:?} at a time", longest[0][0]);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn by_hand() -> u64 {
    let tasks: Vec<_> = (0..WIDTH).map(|n| spawned(mix(SEED ^ n))).collect();
    let mut values = Vec::with_capacity(tasks.len());
    for task in tasks {
        values.push(task.await);
    }
    sum(&values).await
}

/// Runs it beside a task that yields and yields: on one thread its longest lap is the longest that the thread was held.
fn beside(work: impl Future<Output = u64> + Send + 'static) -> Duration {
    let runtime = Flavor::CurrentThread.runtime();
    let ended = Arc::new(AtomicBool::new(false));
    runtime.block_on(async {
        let stop = Arc::clone(&ended);
        let ticking = tokio::spawn(async move {
            let mut longest = Duration::ZERO;
            while !stop.load(Ordering::Relaxed) {
                let start = Instant::now();
                tokio::task::yield_now().await;
                longest = longest.max(start.elapsed());
            }
            longest
        });
        succeeded(tokio::spawn(work).await);
        ended.store(true, Ordering::Relaxed);
        succeeded(ticking.await)
    })
}
