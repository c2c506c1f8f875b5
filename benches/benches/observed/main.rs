//! What a Prometheus recorder and a tracing subscriber at INFO cost, each in a process of its own, as both are global;
//! and a subscriber that formats and writes what it is told.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables for whoever runs it"
)]

mod by_hand;

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use orch_benches::candidates::orch::{RUN, START};
use orch_benches::cases;
use orch_benches::goals::{AGAIN, SLACK};
use orch_benches::harness::{Flavor, median};
use orch_benches::options::Options;
use orch_benches::report::table;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How often what was recorded is gathered: five times as often as the exporter does by itself, as no process here lives
/// for long.
const UPKEEP: Duration = Duration::from_secs(1);

/// Says to a process what it is to install.
const OBSERVER: &str = "ORCH_BENCHES_OBSERVER";
const OBSERVERS: [&str; 5] = ["nobody", "recorder", "subscriber", "both", "writer"];
const SHAPES: [&str; 4] = ["diamond", "chain 100", "fan 1000", "layered 20×50"];
/// What a recorder and a subscriber may cost a node of a started run, in nanoseconds.
const AT_MOST: f64 = 400.0;
/// What they cost as it stands: it is not to grow.
const STANDS: f64 = 600.0;

fn main() -> ExitCode {
    let Some(options) = Options::of_process() else {
        return ExitCode::from(2);
    };
    if let Ok(observer) = std::env::var(OBSERVER) {
        measure(&observer, &options);
        return ExitCode::SUCCESS;
    }
    // A machine may be busy for a while: what is missed is measured again, and what was measured before counts too.
    let mut turns = Turns::new();
    for _ in 0..=if options.check { AGAIN } else { 0 } {
        let most = match compare(&mut turns, if options.quick { 3 } else { 9 }) {
            Ok(most) => most,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        };
        if !options.check || most <= AT_MOST.max(STANDS) * SLACK {
            return ExitCode::SUCCESS;
        }
        eprintln!(
            "observing costs {most:.0} ns a node; {AT_MOST:.0} is the goal, and {STANDS:.0} stands"
        );
    }
    ExitCode::FAILURE
}

/// Installs the observer, and prints a line for each shape and way to run it.
fn measure(observer: &str, options: &Options) {
    if matches!(observer, "recorder" | "both") {
        let installed = PrometheusBuilder::new().install_recorder();
        let recorder = installed.unwrap_or_else(|error| panic!("no recorder: {error}"));
        // As programs do that are asked for their metrics; otherwise what is measured is kept until memory runs out.
        thread::spawn(move || {
            loop {
                thread::sleep(UPKEEP);
                recorder.run_upkeep();
            }
        });
    }
    let registry = tracing_subscriber::registry().with(LevelFilter::INFO);
    match observer {
        "subscriber" | "both" => registry.init(),
        "writer" => {
            let written = tracing_subscriber::fmt::layer().with_writer(io::sink);
            registry.with(written).init();
        }
        _ => {}
    }
    for mut case in cases::trivial() {
        if SHAPES.contains(&case.name) && options.wants(case.name) {
            case.candidates
                .retain(|candidate| [RUN, START].contains(&candidate.name));
            for one in case.measure(Flavor::CurrentThread, options.effort()) {
                println!("{}\t{}\t{}", case.name, one.name, one.run);
            }
        }
    }
    for (nodes, ready) in [(4, 1), (100, 1), (1000, 1), (1000, 50)] {
        let signals = format!("signals of {nodes} nodes, {ready} at a time");
        if options.wants(&signals) {
            let run = by_hand::measure(nodes, ready, observer != "nobody", options.effort());
            println!("{signals}\tby hand\t{run}");
        }
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// What processes measured, by shape and way to run it, for each observer.
type Turns = BTreeMap<(String, String), [Vec<f64>; 5]>;

/// Runs processes in turns, prints the table, and gives the most that both together cost [a started run](START).
fn compare(turns: &mut Turns, rounds: u32) -> io::Result<f64> {
    for _ in 0..rounds {
        for (column, observer) in OBSERVERS.iter().enumerate() {
            let out = Command::new(std::env::current_exe()?)
                .args(std::env::args().skip(1))
                .arg("--quick")
                .env(OBSERVER, observer)
                .output()?;
            if !out.status.success() {
                let said = String::from_utf8_lossy(&out.stderr);
                return Err(io::Error::other(format!("with {observer}: {said}")));
            }
            for line in String::from_utf8_lossy(&out.stdout).lines() {
                let mut parts = line.split('\t');
                if let (Some(case), Some(name), Some(Ok(run))) =
                    (parts.next(), parts.next(), parts.next().map(str::parse))
                {
                    let row = turns.entry((case.to_owned(), name.to_owned())).or_default();
                    row[column].push(run);
                }
            }
        }
    }
    if turns.is_empty() {
        return Err(io::Error::other("no shape has a name like that"));
    }
    let mut most = f64::NEG_INFINITY;
    let mut rows = Vec::new();
    for ((case, name), columns) in &*turns {
        if name == START {
            // Of the quickest processes, as a machine that is busy for a while only ever adds.
            most = most.max(least(&columns[3]) - least(&columns[0]));
        }
        let [nobody, more @ ..] = columns.clone().map(median);
        let mut row = vec![format!("{case}, {name}"), format!("{nobody:.0}")];
        row.extend(more.map(|run| format!("{:+.0}", run - nobody)));
        rows.push(row);
    }
    println!("ns per node, on one thread, medians:\n");
    let head = [
        "",
        "nobody listens",
        "recorder",
        "subscriber",
        "both",
        "subscriber that writes",
    ];
    println!("{}", table(&head, &rows));
    Ok(most)
}
