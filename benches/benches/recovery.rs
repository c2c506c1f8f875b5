//! What an orchestrator costs that is opened on a file with 100,000 parked runs.
//!
//! The file is opened in a process of its own, which runs this program again; so is an empty one, to compare with.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use orch::RunStatus;
use orch::prelude::*;
use orch::store::{Filter, Sqlite};
use orch_benches::options::Options;
use orch_benches::recorded::{self, Five};
use orch_benches::report::table;
use rustix::time::{ClockId, clock_gettime};
use turn::STEPS;

const PARKED: u64 = 100_000;
/// For how long nothing is to be done.
const IDLE: Duration = Duration::from_secs(10);
/// The argument before the file that a process is to open.
const OPEN: &str = "--open";

/// What is allowed: until a parked run has ended, in seconds.
const RECOVERED: f64 = 5.0;
/// Bytes of memory for each parked run.
const MEMORY: f64 = 2048.0;
/// Seconds of CPU time while idle: one tick of the system's clock.
const BUSY: f64 = 0.01;

workflow! {
    /// Waits for a number.
    #[workflow(version = "1", durable)]
    pub Waits(n: u64) -> u64 {
        first = recorded::add(n);
        #[node(after = [first])]
        more = signal::<u64>(timeout = "30d");
        first + more.unwrap_or(0)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|word| word == OPEN) {
        opened(Path::new(&arguments[place + 1]));
        return ExitCode::SUCCESS;
    }
    let Some(options) = Options::of_process() else {
        return ExitCode::from(2);
    };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (empty, parked) = (
        folder.path().join("empty.db"),
        folder.path().join("parked.db"),
    );
    let filled = Instant::now();
    runtime().block_on(fill(&parked));
    eprintln!(
        "parked {PARKED} runs in {:.1} s",
        filled.elapsed().as_secs_f64()
    );
    let (empty, parked) = (measure(&empty), measure(&parked));
    let memory = (parked.memory - empty.memory) / PARKED as f64;
    let number = |value: f64, digits: usize| format!("{value:.digits$}");
    let row = |what: &str, of: fn(&Opened) -> f64, digits| {
        let [empty, parked] = [&empty, &parked].map(|opened| number(of(opened), digits));
        vec![what.to_owned(), empty, parked]
    };
    let rows = [
        row("opened, and a new run has ended, ms", |o| o.worked * 1e3, 1),
        row(
            "a parked run was signalled and has ended, ms",
            |o| o.recovered * 1e3,
            1,
        ),
        row("resident memory, MiB", |o| o.memory / 1024.0 / 1024.0, 1),
        vec![
            "for each parked run, bytes".to_owned(),
            "–".to_owned(),
            number(memory, 0),
        ],
        row("CPU time while idle for 10 s, ms", |o| o.busy * 1e3, 2),
    ];
    println!(
        "{}",
        table(
            &[
                "an orchestrator on a file with",
                "nothing",
                "100,000 parked runs"
            ],
            &rows
        )
    );
    let missed = parked.recovered > RECOVERED || memory > MEMORY || parked.busy > BUSY;
    ExitCode::from(u8::from(options.check && missed))
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Parks runs.
async fn fill(path: &Path) {
    let store = Sqlite::options().synchronous(orch::store::Synchronous::Off);
    let store = store.open(path).await.unwrap();
    let builder = Orchestrator::builder().store(store).workflow(Waits);
    let orch = builder.build().await.unwrap();
    let starters: Vec<_> = (0..100)
        .map(|first| {
            let orch = orch.clone();
            tokio::spawn(async move {
                for n in (first..PARKED).step_by(100) {
                    orch.start(Waits, n).id(id(n)).await.unwrap();
                }
            })
        })
        .collect();
    for starter in starters {
        starter.await.unwrap();
    }
    let runs = orch.runs().unwrap();
    let under_way = Filter {
        statuses: vec![RunStatus::Queued, RunStatus::Running],
        limit: 1,
        ..Filter::default()
    };
    while !runs.list(under_way.clone()).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    orch.shutdown(Duration::from_secs(5)).await;
}

fn id(n: u64) -> String {
    format!("parked-{n}")
}

/// What a process found that opened a file.
struct Opened {
    /// When it had run new work, in seconds.
    worked: f64,
    /// When a parked run was signalled and had ended, in seconds.
    recovered: f64,
    /// Resident memory, in bytes.
    memory: f64,
    /// CPU time while idle, in seconds.
    busy: f64,
}

fn measure(path: &Path) -> Opened {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let out = command
        .args([OPEN.as_ref(), path])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", out.status);
    let line = String::from_utf8(out.stdout).unwrap();
    let numbers: Vec<f64> = line
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    let [worked, recovered, memory, busy] = numbers[..] else {
        panic!("{line}");
    };
    Opened {
        worked,
        recovered,
        memory,
        busy,
    }
}

/// Opens a file, and prints what that came to.
fn opened(path: &Path) {
    let begun = Instant::now();
    let runtime = runtime();
    let orch = runtime.block_on(async {
        let store = Sqlite::open(path).await.unwrap();
        let builder = Orchestrator::builder().store(store);
        let builder = builder.workflow(Waits).workflow(Five);
        builder.build().await.unwrap()
    });
    let (worked, recovered) = runtime.block_on(async {
        let run = orch.start(Five, 1).await.unwrap();
        assert_eq!(run.result().await.unwrap(), 1 + STEPS);
        let worked = begun.elapsed();
        // Its first step is recorded already where it is parked; an empty file has it start here.
        let n = PARKED / 2;
        let run = orch.start(Waits, n).id(id(n)).await.unwrap();
        assert!(run.signal(Waits::more, 7).await.unwrap());
        assert_eq!(run.result().await.unwrap(), n + 1 + 7);
        (worked, begun.elapsed())
    });
    std::thread::sleep(Duration::from_secs(1)); // what was begun comes to its end
    let busy = busy();
    std::thread::sleep(IDLE);
    let busy = self::busy() - busy;
    let (worked, recovered) = (worked.as_secs_f64(), recovered.as_secs_f64());
    println!("{worked} {recovered} {} {busy}", resident());
    runtime.block_on(orch.shutdown(Duration::from_secs(5)));
}

/// This process's resident memory, in bytes.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024.0
}

/// The CPU time that this process has used, in seconds.
fn busy() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
