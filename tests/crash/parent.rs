//! The process that kills: it has runs started, sends them what they wait for, and kills those that drive them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use orch::store::{Change, Filter, OwnerId, Sqlite, Store as _};
use orch::{Orchestrator, RunStatus, Runs};
use serde_json::Value;

use crate::effects::{self, FILE};
use crate::model::{Kind, id, plan, said};
use crate::random::Random;
use crate::verdict;
use crate::worker::{DATABASE, REPORTS};

/// How many runs are under way at once, as far as that can be seen to.
const UNDER_WAY: usize = 16;

/// How long what is left may take once nothing is killed any more.
const END: Duration = Duration::from_secs(120);

const ACTIVE: [RunStatus; 4] = [
    RunStatus::Queued,
    RunStatus::Running,
    RunStatus::Waiting,
    RunStatus::Paused,
];

/// Kills so many processes, waits until all runs have ended, and gives what is wrong with them.
pub fn kill(directory: &Path, kills: usize, seed: u64) -> Vec<String> {
    for file in [FILE, REPORTS] {
        std::fs::File::create(directory.join(file)).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let path = directory.join(DATABASE);
        let store = Sqlite::options().open_blocking(&path).unwrap();
        // It has no workflows, so that it takes up nothing, and is a second process for all that it sends.
        let orch = Orchestrator::builder().store(store).build().await;
        let runs = orch.unwrap().runs().unwrap();
        // A process may be stopped in the middle of a transaction.
        let force = Sqlite::options().busy_timeout(Duration::from_millis(100));
        let mut killer = Killer {
            directory,
            force: force.open_blocking(&path).unwrap(),
            runs,
            random: Random::new(seed),
            workers: Vec::new(),
            begun: 0,
            unkept: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            stopped: BTreeSet::new(),
            wrong: Vec::new(),
        };
        killer.all(kills).await;
        let mut wrong = std::mem::take(&mut killer.wrong);
        wrong.extend(verdict::of(directory, &killer.runs, killer.begun, &killer.stopped).await);
        wrong
    })
}

struct Killer<'a> {
    directory: &'a Path,
    /// What runs are taken away with.
    force: Sqlite,
    runs: Runs,
    random: Random,
    workers: Vec<Child>,
    /// How many runs somebody was told to start.
    begun: usize,
    /// Those of them that are not in the store yet.
    unkept: BTreeSet<usize>,
    /// Those that were cancelled.
    cancelled: BTreeSet<usize>,
    /// Processes from which runs were taken by force.
    stopped: BTreeSet<u32>,
    wrong: Vec<String>,
}

impl Killer<'_> {
    async fn all(&mut self, kills: usize) {
        let begun = Instant::now();
        for kill in 1..=kills {
            // Now one process drives the runs and now two do.
            let wanted = 1 + kill / 10 % 2;
            while self.workers.len() < wanted {
                self.spawn();
            }
            self.begin(UNDER_WAY).await;
            let moment = self.random.below(140);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            self.steer(false).await;
            if self.workers.len() > 1 && self.random.once_in(4) {
                self.take_by_force().await;
            }
            let victim = self.random.below(self.workers.len() as u64) as usize;
            self.end(victim);
            if kill % 50 == 0 {
                println!(
                    "{kill} kills, {} runs, {:.1} s",
                    self.begun,
                    begun.elapsed().as_secs_f64()
                );
            }
        }
        self.wait().await;
        while !self.workers.is_empty() {
            self.end(0);
        }
        println!(
            "{kills} kills, {} runs, {} taken by force, all ended after {:.1} s",
            self.begun,
            self.stopped.len(),
            begun.elapsed().as_secs_f64()
        );
    }

    fn spawn(&mut self) {
        let worker = Command::new(std::env::current_exe().unwrap())
            .arg("--worker")
            .arg(self.directory)
            .stdin(Stdio::piped())
            .spawn();
        self.workers.push(worker.unwrap());
    }

    /// Kills a worker, as `kill -9` does.
    fn end(&mut self, victim: usize) {
        let mut worker = self.workers.swap_remove(victim);
        if let Some(status) = worker.try_wait().unwrap() {
            let wrong = format!("process {} ended by itself: {status}", worker.id());
            self.wrong.push(wrong);
        }
        worker.kill().unwrap();
        worker.wait().unwrap();
    }

    /// Has runs started, those again of which nobody knows whether they were.
    async fn begin(&mut self, under_way: usize) {
        let active = self.active().await;
        for idx in std::mem::take(&mut self.unkept) {
            if self.runs.get(&id(idx)).await.is_err() {
                self.unkept.insert(idx);
            }
        }
        let room = under_way.saturating_sub(active.len() + self.unkept.len());
        self.unkept.extend(self.begun..self.begun + room);
        self.begun += room;
        for idx in self.unkept.clone() {
            let one = self.random.below(self.workers.len() as u64) as usize;
            // Now and then by two processes at once.
            let both = self.random.once_in(4);
            for (number, worker) in self.workers.iter_mut().enumerate() {
                if (both || number == one)
                    && let Some(input) = &mut worker.stdin
                {
                    // It may be dead, or a pipe that nobody reads any more.
                    let _ = writeln!(input, "{idx}");
                }
            }
        }
    }

    /// The numbers of the runs that have not ended.
    async fn active(&self) -> Vec<(usize, RunStatus)> {
        let filter = Filter {
            statuses: ACTIVE.to_vec(),
            limit: 1_000,
            ..Filter::default()
        };
        let active = self.runs.list(filter).await.unwrap();
        let number = |id: &str| id.strip_prefix("run-").unwrap().parse().unwrap();
        active
            .iter()
            .map(|run| (number(run.id.as_str()), run.status))
            .collect()
    }

    /// Sends runs what they wait for, and pauses, resumes and cancels some; in the end all that has to be.
    async fn steer(&mut self, finally: bool) {
        for (idx, status) in self.active().await {
            let run = id(idx);
            let now = |random: &mut Random, times| finally || random.once_in(times);
            // Each of these may come too late, after the run has ended.
            match plan(idx).kind {
                Kind::Wait if now(&mut self.random, 6) => {
                    let value = Value::from(said(idx));
                    let said = self.runs.signal_json(&run, "said", &value).event_id("once");
                    let _ = said.await;
                }
                Kind::Stopped
                    if !self.cancelled.contains(&idx)
                        && now(&mut self.random, 10)
                        && self.runs.cancel(&run, "its time has come").await.is_ok() =>
                {
                    self.cancelled.insert(idx);
                }
                _ => {}
            }
            if status == RunStatus::Paused || finally {
                if now(&mut self.random, 3) {
                    let _ = self.runs.resume(&run).await;
                }
            } else if self.random.once_in(60) {
                let _ = self.runs.pause(&run, "for a while").await;
                if self.random.once_in(2) {
                    let _ = self.runs.resume(&run).await;
                }
            }
        }
    }

    /// Stops a process, takes its runs from it while it cannot know, and lets it go on.
    async fn take_by_force(&mut self) {
        let process = self.workers[0].id();
        let Some(owner) = self.owner(process) else {
            return;
        };
        signal(process, "-STOP");
        let release = Change::Release {
            owner,
            now: effects::now(),
        };
        match self.force.commit(&[release]) {
            Ok(_) => {
                self.stopped.insert(process);
                let moment = 40 + self.random.below(120);
                tokio::time::sleep(Duration::from_millis(moment)).await;
            }
            // Nobody can write until it goes on.
            Err(busy) if busy.is_transient() => {}
            Err(error) => self
                .wrong
                .push(format!("runs cannot be taken away: {error}")),
        }
        signal(process, "-CONT");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }

    /// Who a process is in the store, if it has joined.
    fn owner(&self, process: u32) -> Option<OwnerId> {
        let db = rusqlite::Connection::open(self.directory.join(DATABASE)).unwrap();
        let found = db.query_row(
            "SELECT id FROM owners WHERE process = ?1",
            [process],
            |row| row.get(0),
        );
        found.ok().map(OwnerId)
    }

    /// Lets what has begun come to its end.
    async fn wait(&mut self) {
        let begun = Instant::now();
        loop {
            while self.workers.len() < 2 {
                self.spawn();
            }
            self.begin(0).await;
            self.steer(true).await;
            let active = self.active().await;
            if active.is_empty() && self.unkept.is_empty() {
                return;
            }
            if begun.elapsed() > END {
                for (idx, status) in active {
                    let kind = plan(idx).kind;
                    let wrong = format!("{} of {kind:?} has not ended: {status:?}", id(idx));
                    self.wrong.push(wrong);
                }
                for idx in &self.unkept {
                    self.wrong.push(format!("{} was never kept", id(*idx)));
                }
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Sends a signal of the operating system.
fn signal(process: u32, signal: &str) {
    let status = Command::new("kill")
        .arg(signal)
        .arg(process.to_string())
        .status();
    assert!(status.unwrap().success(), "`kill {signal}` failed");
}
