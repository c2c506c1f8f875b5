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
    let Some(options) = Options::of_process() else {
        return ExitCode::from(2);
    };
    let effort = options.effort();
    let wanted = |mut cases: Vec<Case>| {
        cases.retain(|case| options.wants(case.name));
        cases
    };
    let mut missed = Vec::new();
    for flavor in [Flavor::TwoWorkers, Flavor::CurrentThread] {
        let mut rows = measure(wanted(cases::trivial()), flavor, effort);
        println!("\n### {flavor}\n\nRunning, ns per node, median (least):\n");
        println!("{}", times(&rows));
        println!("Building, ns per node, median:\n\n{}", builds(&rows));
        if flavor == Flavor::TwoWorkers {
            let whole = measure(wanted(cases::whole()), flavor, WHOLE);
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
    if !options.check {
        return ExitCode::SUCCESS;
    }
    let missed = missed_again(missed, effort);
    for said in &missed {
        eprintln!("a third worse than it stands: {said}");
    }
    ExitCode::from(u8::from(!missed.is_empty()))
}

/// What is still missed when it is measured again.
///
/// Whole runs are not measured again: what the engine learns in a first run, it knows by now.
fn missed_again(missed: Vec<(&'static str, String)>, effort: Effort) -> Vec<String> {
    let is_trivial = |name: &str| cases::trivial().iter().any(|case| case.name == name);
    let (mut missed, whole): (Vec<_>, Vec<_>) =
        missed.into_iter().partition(|(name, _)| is_trivial(name));
    for _ in 0..goals::AGAIN {
        if missed.is_empty() {
            break;
        }
        let mut again = cases::trivial();
        again.retain(|case| missed.iter().any(|(name, _)| *name == case.name));
        let rows = measure(again, Flavor::TwoWorkers, effort);
        missed = verdict(&goals::all(), &rows).missed;
    }
    let all = whole.into_iter().chain(missed);
    all.map(|(_, said)| said).collect()
}

fn measure(cases: Vec<Case>, flavor: Flavor, effort: Effort) -> Vec<Row> {
    cases
        .into_iter()
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
