//! What a node costs in memory, beside peers and beside tokio by hand.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables for whoever runs it"
)]

use std::process::ExitCode;
use std::time::Duration;

use orch_benches::harness::{Case, Effort, Flavor};
use orch_benches::options::Options;
use orch_benches::report::{Row, builds, shares, times, verdict};
use orch_benches::{cases, goals};

/// A round for each copy of the workflows that burn CPU.
const WHOLE: Effort = Effort {
    rounds: 5,
    turn: Duration::ZERO,
};

fn main() -> ExitCode {
    let options = match Options::of_process() {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let effort = options.effort();
    let mut missed = Vec::new();
    for flavor in [Flavor::TwoWorkers, Flavor::CurrentThread] {
        let mut rows = measure(&options, cases::trivial(), flavor, effort);
        println!("\n### {flavor}\n\nRunning, ns per node, median (least):\n");
        println!("{}", times(&rows));
        println!("Building, ns per node, median:\n\n{}", builds(&rows));
        if flavor == Flavor::TwoWorkers {
            let whole = measure(&options, cases::whole(), flavor, WHOLE);
            println!("Whole runs, ms, median (least):\n\n{}", times(&whole));
            println!(
                "Whole runs, as a share of the time their steps took, added up:\n\n{}",
                shares(&whole)
            );
            rows.extend(whole);
            let verdict = verdict(&goals::all(), &rows);
            println!("Goals:\n\n{}", verdict.table);
            missed = verdict.missed;
        }
    }
    if options.check && !missed.is_empty() {
        eprintln!("missed by more than a third:\n{}", missed.join("\n"));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn measure(options: &Options, cases: Vec<Case>, flavor: Flavor, effort: Effort) -> Vec<Row> {
    let wanted = cases.into_iter().filter(|case| options.wants(case.name));
    wanted
        .map(|case| {
            eprintln!("{flavor}: {}", case.name);
            Row {
                case: case.name,
                whole: case.whole,
                measured: case.measure(flavor, effort),
            }
        })
        .collect()
}
