//! What a node costs in memory, beside peers and beside tokio by hand.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables for whoever runs it"
)]

use std::process::ExitCode;
use std::time::Duration;

use orch_benches::harness::{Case, Effort, Flavor};
use orch_benches::report::{Row, builds, times, verdict};
use orch_benches::{cases, goals};

const QUICK: Effort = Effort {
    rounds: 15,
    turn: Duration::from_millis(2),
};
const THOROUGH: Effort = Effort {
    rounds: 41,
    turn: Duration::from_millis(8),
};

/// A round for each copy of the workflows that burn CPU.
const WHOLE: Effort = Effort {
    rounds: 5,
    turn: Duration::ZERO,
};

const USAGE: &str = "\
--quick        a minute instead of several
--check        fail if a goal is missed by more than a third
--only WORD    only shapes whose name contains this";

#[derive(Default)]
struct Options {
    quick: bool,
    check: bool,
    only: Option<String>,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--check" => options.check = true,
                "--only" => options.only = Some(args.next().ok_or(USAGE)?),
                "--bench" => {} // cargo says this to every benchmark
                _ => return Err(format!("unknown argument {arg}\n{USAGE}")),
            }
        }
        Ok(options)
    }

    fn wants(&self, case: &Case) -> bool {
        self.only
            .as_ref()
            .is_none_or(|word| case.name.contains(word))
    }
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let effort = if options.quick { QUICK } else { THOROUGH };
    let mut missed = Vec::new();
    for flavor in [Flavor::TwoWorkers, Flavor::CurrentThread] {
        let mut rows = measure(&options, cases::trivial(), flavor, effort);
        println!("\n## {flavor}\n\nRunning, ns per node, median (least):\n");
        println!("{}", times(&rows));
        println!("Building, ns per node, median:\n\n{}", builds(&rows));
        if flavor == Flavor::TwoWorkers {
            let whole = measure(&options, cases::whole(), flavor, WHOLE);
            println!("Whole runs, ms, median (least):\n\n{}", times(&whole));
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
    let mut rows = Vec::new();
    for case in cases {
        if options.wants(&case) {
            eprintln!("{flavor}: {}", case.name);
            rows.push(Row {
                case: case.name,
                whole: case.whole,
                measured: case.measure(flavor, effort),
            });
        }
    }
    rows
}
