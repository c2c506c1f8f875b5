//! Kills processes that drive durable runs, again and again, and looks at what is left of the runs.
//!
//! `cargo test --test crash` kills sixty times. The long version is
//! `cargo test --release --test crash -- --kills 1000 --seed 7`.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test"
)]

mod effects;
mod model;
mod parent;
mod random;
mod verdict;
mod worker;
mod workflows;

use std::path::PathBuf;
use std::process::ExitCode;

/// The name of the one test that is in here.
const NAME: &str = "killed_processes_lose_nothing_and_do_nothing_twice";

/// What the command line asks for.
struct Asked {
    kills: usize,
    seed: u64,
    /// The directory whose runs this process is to drive, as a child of the one that kills.
    worker: Option<PathBuf>,
    list: bool,
    wanted: bool,
}

fn asked() -> Asked {
    let mut asked = Asked {
        kills: 60,
        seed: 7,
        worker: None,
        list: false,
        wanted: true,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--kills" => asked.kills = arguments.next().unwrap().parse().unwrap(),
            "--seed" => asked.seed = arguments.next().unwrap().parse().unwrap(),
            "--worker" => asked.worker = arguments.next().map(PathBuf::from),
            "--list" => asked.list = true,
            // Those of the standard harness that have a value.
            "--test-threads" | "--skip" | "--color" | "--format" | "--logfile" => {
                arguments.next();
            }
            other if other.starts_with('-') => {}
            filter => asked.wanted = NAME.contains(filter),
        }
    }
    asked
}

fn main() -> ExitCode {
    let asked = asked();
    if let Some(directory) = asked.worker {
        worker::work(&directory);
        return ExitCode::SUCCESS;
    }
    if asked.list {
        println!("{NAME}: test");
        return ExitCode::SUCCESS;
    }
    if !asked.wanted || cfg!(not(unix)) {
        return ExitCode::SUCCESS;
    }
    let directory = tempfile::tempdir().unwrap();
    println!(
        "{NAME}: {} kills, seed {}, in {}",
        asked.kills,
        asked.seed,
        directory.path().display()
    );
    let wrong = parent::kill(directory.path(), asked.kills, asked.seed);
    if wrong.is_empty() {
        println!("{NAME}: ok");
        return ExitCode::SUCCESS;
    }
    let kept = directory.keep();
    for wrong in wrong.iter().take(50) {
        println!("wrong: {wrong}");
    }
    println!(
        "{NAME}: {} things are wrong; what is left is in {}, and this was\n  cargo test --test crash -- --kills {} --seed {}",
        wrong.len(),
        kept.display(),
        asked.kills,
        asked.seed
    );
    ExitCode::FAILURE
}
