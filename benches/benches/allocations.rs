//! How often a node allocates, and how much memory a run in flight holds.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables for whoever runs it"
)]

use std::alloc::System;
use std::process::ExitCode;

use futures::FutureExt;
use orch_benches::candidates::orch::{RUN, START, orchestrator, succeeded};
use orch_benches::cases;
use orch_benches::harness::Flavor;
use orch_benches::options::Options;
use orch_benches::report::{grid, table};
use orch_benches::steps::{GATE, SEED, gated, mix};
use orch_benches::workflows::Gated;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::task::JoinHandle;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations per node at most, of `Name::run`: what was measured last, and a little more. Only ever lower these.
const AT_MOST: [(&str, f64); 5] = [
    ("diamond", 1.6),
    ("chain 100", 1.1),
    ("chain 1000", 1.05),
    ("fan 1000", 1.1),
    ("layered 20×50", 1.1),
];
const RUNS: usize = 1000;

fn main() -> ExitCode {
    let Some(options) = Options::of_process() else {
        return ExitCode::from(2);
    };
    let grown = per_node();
    println!("{}", in_flight());
    if options.check && !grown.is_empty() {
        eprintln!("{}", grown.join("\n"));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Prints how often and how much nodes allocate, and gives which of them do so more often than before.
fn per_node() -> Vec<String> {
    let runtime = Flavor::CurrentThread.runtime();
    let mut grown = Vec::new();
    let mut columns = Vec::new();
    for case in cases::trivial() {
        let limit = AT_MOST.iter().find(|(name, _)| *name == case.name);
        let Some(&(_, at_most)) = limit else { continue };
        let mut cells = Vec::new();
        for candidate in &case.candidates {
            let _warm = candidate.sample(&runtime, case.turn(0, 2));
            let region = Region::new(ALLOCATOR);
            let _timing = candidate.sample(&runtime, case.turn(0, 10));
            let change = region.change();
            let nodes = f64::from(case.nodes) * 10.0;
            let times = (change.allocations + change.reallocations) as f64 / nodes;
            let bytes = change.bytes_allocated as f64 / nodes;
            if candidate.name == RUN && times > at_most {
                grown.push(format!(
                    "{}: {times:.2} allocations per node, and {at_most:.2} is the limit",
                    case.name
                ));
            }
            cells.push((candidate.name, format!("{times:.2} ({bytes:.0})")));
        }
        columns.push((case.name, cells));
    }
    println!("Allocations per node (bytes), building included:\n");
    println!("{}", grid(&columns));
    grown
}

/// The memory that a run of ten nodes holds while its first node waits.
fn in_flight() -> String {
    let runtime = Flavor::CurrentThread.runtime();
    let orchestrator = orchestrator();
    runtime.block_on(async {
        let started = || {
            let start = orchestrator.start(Gated, SEED).into_future();
            let handle = start.now_or_never().map(succeeded);
            let handle = handle.unwrap_or_else(|| panic!("starting waits for nothing"));
            tokio::spawn(async move { succeeded(handle.result().await) })
        };
        let alone = || tokio::spawn(Gated::run(SEED).map(succeeded));
        let by_hand = || {
            tokio::spawn(async {
                let mut value = gated(SEED).await;
                for _ in 1..10 {
                    value = mix(value).await;
                }
                value
            })
        };
        let rows = [
            vec![format!("{RUN}, in a task"), held(alone).await],
            vec![
                format!("{START}, with a task that waits"),
                held(started).await,
            ],
            vec!["by hand, in a task".to_owned(), held(by_hand).await],
        ];
        let head = ["ten nodes, the first of which waits", "bytes per run"];
        table(&head, &rows)
    })
}

/// Starts many runs, lets them come to the gate, and says what each of them holds.
async fn held(start: impl Fn() -> JoinHandle<u64>) -> String {
    let mut handles = Vec::with_capacity(RUNS);
    GATE.add_permits(1);
    drop(start().await);
    succeeded(GATE.acquire().await).forget();
    let region = Region::new(ALLOCATOR);
    handles.extend((0..RUNS).map(|_| start()));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let change = region.change();
    let bytes = change.bytes_allocated as isize + change.bytes_reallocated
        - change.bytes_deallocated as isize;
    GATE.add_permits(1);
    for handle in handles {
        drop(handle.await);
    }
    succeeded(GATE.acquire().await).forget();
    format!("{}", bytes / RUNS as isize)
}
