//! Runs candidates in turns, so that what slows the machine down slows all of them.

use std::fmt;
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::steps::busy_time;

/// How long some runs took, and the building of their graphs where that is apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// Time for building what is run.
    pub build: Duration,
    /// Time for running it.
    pub run: Duration,
    /// Time that steps kept cores busy meanwhile, added up.
    pub busy: Duration,
}

/// What measures a stretch of running.
struct Stretch {
    start: Instant,
    busy: Duration,
}

impl Stretch {
    fn start() -> Self {
        Self {
            busy: busy_time(),
            start: Instant::now(),
        }
    }

    fn end(self, timing: &mut Timing) {
        timing.run += self.start.elapsed();
        timing.busy += busy_time() - self.busy;
    }
}

/// What a candidate does in a turn.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// How many runs come before those that are measured, in the same task: others left the caches full of their own.
    pub warming: u32,
    /// How many runs are measured.
    pub runs: u32,
    /// What every run is to give.
    pub expected: u64,
}

type Sampler = Box<dyn Fn(&Runtime, Turn) -> Timing>;
type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One way to run a shape.
pub struct Candidate {
    /// What it is called in tables.
    pub name: &'static str,
    sampler: Sampler,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Candidate").field(&self.name).finish()
    }
}

impl Candidate {
    /// A candidate without anything to build; `run` gives the run's result, which is its checksum.
    ///
    /// Runs are awaited in a task, since spawning from the thread of `block_on` has to wake a worker each time.
    pub fn new<F, R>(name: &'static str, run: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = u64> + Send,
    {
        let run = Arc::new(run);
        let sampler = move |runtime: &Runtime, turn: Turn| {
            let run = Arc::clone(&run);
            in_task(runtime, async move {
                let mut timing = Timing::default();
                for _ in 0..turn.warming {
                    check(name, run().await, turn.expected);
                }
                let stretch = Stretch::start();
                for _ in 0..turn.runs {
                    check(name, black_box(run().await), turn.expected);
                }
                stretch.end(&mut timing);
                timing
            })
        };
        Self {
            name,
            sampler: Box::new(sampler),
        }
    }

    /// A candidate of which only every second run is measured.
    pub fn second<F, R>(name: &'static str, run: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = u64> + Send,
    {
        let run = Arc::new(run);
        let sampler = move |runtime: &Runtime, turn: Turn| {
            let run = Arc::clone(&run);
            in_task(runtime, async move {
                let mut timing = Timing::default();
                for _ in 0..turn.runs {
                    check(name, run().await, turn.expected);
                    let stretch = Stretch::start();
                    let value = black_box(run().await);
                    stretch.end(&mut timing);
                    check(name, value, turn.expected);
                }
                timing
            })
        };
        Self {
            name,
            sampler: Box::new(sampler),
        }
    }

    /// A candidate that builds a graph for each run.
    pub fn built<B, G, F, R>(name: &'static str, build: B, run: F) -> Self
    where
        B: Fn() -> G + Send + Sync + 'static,
        G: Send,
        F: Fn(G) -> R + Send + Sync + 'static,
        R: Future<Output = u64> + Send,
    {
        let parts = Arc::new((build, run));
        let sampler = move |runtime: &Runtime, turn: Turn| {
            let parts = Arc::clone(&parts);
            in_task(runtime, async move {
                let mut timing = Timing::default();
                for nth in 0..turn.warming + turn.runs {
                    if nth == turn.warming {
                        timing = Timing::default();
                    }
                    let start = Instant::now();
                    let graph = (parts.0)();
                    timing.build += start.elapsed();
                    let stretch = Stretch::start();
                    let value = black_box((parts.1)(graph).await);
                    stretch.end(&mut timing);
                    check(name, value, turn.expected);
                }
                timing
            })
        };
        Self {
            name,
            sampler: Box::new(sampler),
        }
    }

    /// A candidate whose graph is not `Send`: it runs on the thread of `block_on`, all of it in one task.
    pub fn local<G: 'static>(
        name: &'static str,
        build: impl Fn() -> G + 'static,
        run: impl for<'a> Fn(&'a mut G) -> Local<'a, u64> + 'static,
    ) -> Self {
        let sampler = move |runtime: &Runtime, turn: Turn| {
            runtime.block_on(async {
                let mut timing = Timing::default();
                for nth in 0..turn.warming + turn.runs {
                    if nth == turn.warming {
                        timing = Timing::default();
                    }
                    let start = Instant::now();
                    let mut graph = build();
                    timing.build += start.elapsed();
                    let stretch = Stretch::start();
                    let value = black_box(run(&mut graph).await);
                    stretch.end(&mut timing);
                    check(name, value, turn.expected);
                }
                timing
            })
        };
        Self {
            name,
            sampler: Box::new(sampler),
        }
    }

    /// Runs it, and checks each result.
    #[must_use]
    pub fn sample(&self, runtime: &Runtime, turn: Turn) -> Timing {
        (self.sampler)(runtime, turn)
    }
}

fn check(name: &str, value: u64, expected: u64) {
    assert_eq!(value, expected, "{name} computes something else");
}

fn in_task<T: Send + 'static>(
    runtime: &Runtime,
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    runtime
        .block_on(runtime.spawn(future))
        .unwrap_or_else(|error| panic!("a candidate ended early: {error}"))
}

/// A runtime of two workers, or one that is the current thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// `multi_thread` with two workers.
    TwoWorkers,
    /// `current_thread`.
    CurrentThread,
}

impl Flavor {
    /// A runtime of this flavor.
    #[must_use]
    pub fn runtime(self) -> Runtime {
        let mut builder = match self {
            Self::TwoWorkers => Builder::new_multi_thread(),
            Self::CurrentThread => Builder::new_current_thread(),
        };
        builder
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no runtime: {error}"))
    }
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TwoWorkers => "2 workers",
            Self::CurrentThread => "current thread",
        })
    }
}

/// A shape and those who run it.
#[derive(Debug)]
pub struct Case {
    /// What it is called in tables and goals.
    pub name: &'static str,
    /// How many nodes a time is divided by; 1 for shapes of which the whole counts.
    pub nodes: u32,
    /// Whether one run is a turn, and nothing runs before it is measured: for what takes milliseconds.
    pub whole: bool,
    /// What every run is to give.
    pub expected: u64,
    /// Who runs it.
    pub candidates: Vec<Candidate>,
}

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How many turns each candidate gets.
    pub rounds: u32,
    /// How long one turn is, about.
    pub turn: Duration,
}

/// Nanoseconds per node of one candidate in one case.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The candidate.
    pub name: &'static str,
    /// Median of the turns, running alone.
    pub run: f64,
    /// The fastest turn.
    pub least: f64,
    /// Median of the turns: the time for running, as a share of the time that steps kept cores busy.
    ///
    /// It is 0.5 where two cores share the work, however much else the machine does; 0 where no step keeps a core busy.
    pub share: f64,
    /// Median of the turns, building alone; 0 where there is nothing to build.
    pub build: f64,
}

impl Case {
    /// Measures all candidates, one turn each in every round.
    #[must_use]
    pub fn measure(&self, flavor: Flavor, effort: Effort) -> Vec<Measured> {
        let runtime = flavor.runtime();
        let runs: Vec<u32> = self
            .candidates
            .iter()
            .map(|candidate| self.runs_in_a_turn(candidate, &runtime, effort.turn))
            .collect();
        let mut turns = vec![Vec::new(); self.candidates.len()];
        for round in 0..effort.rounds as usize {
            for offset in 0..self.candidates.len() {
                let which = (round + offset) % self.candidates.len();
                let turn = self.turn(u32::from(!self.whole), runs[which]);
                let timing = self.candidates[which].sample(&runtime, turn);
                let nodes = f64::from(runs[which]) * f64::from(self.nodes);
                turns[which].push((
                    timing.run.as_nanos() as f64 / nodes,
                    timing.build.as_nanos() as f64 / nodes,
                    match timing.busy {
                        Duration::ZERO => 0.0,
                        busy => timing.run.as_secs_f64() / busy.as_secs_f64(),
                    },
                ));
            }
        }
        self.candidates
            .iter()
            .zip(turns)
            .map(|(candidate, turns)| {
                let column = |of: fn(&(f64, f64, f64)) -> f64| turns.iter().map(of).collect();
                let run: Vec<f64> = column(|turn| turn.0);
                Measured {
                    name: candidate.name,
                    least: run.iter().copied().fold(f64::INFINITY, f64::min),
                    run: median(run),
                    build: median(column(|turn| turn.1)),
                    share: median(column(|turn| turn.2)),
                }
            })
            .collect()
    }

    /// What a candidate does in a turn of this case.
    #[must_use]
    pub fn turn(&self, warming: u32, runs: u32) -> Turn {
        Turn {
            warming,
            runs,
            expected: self.expected,
        }
    }

    /// Runs a candidate until it is warm, and finds how many of its runs make a turn.
    fn runs_in_a_turn(&self, candidate: &Candidate, runtime: &Runtime, turn: Duration) -> u32 {
        let mut runs = 1;
        if self.whole {
            return runs;
        }
        loop {
            let timing = candidate.sample(runtime, self.turn(0, runs));
            let took = (timing.run + timing.build).max(Duration::from_nanos(1));
            if took >= turn || runs >= 1 << 20 {
                return (f64::from(runs) * turn.as_secs_f64() / took.as_secs_f64()).max(1.0) as u32;
            }
            runs *= 2;
        }
    }
}

/// The value in the middle; 0 if there is none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        even if even % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
