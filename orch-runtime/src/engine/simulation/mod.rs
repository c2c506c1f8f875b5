//! Random graphs under random faults, in a world whose time, store and steps are simulated, against a naive model.
//!
//! Everything follows from a seed: the graph, what its steps do, when the process is killed, what operators and
//! senders of signals do. A seed that fails says so, with the command that runs it again.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod graph;
mod life;
mod model;
mod world;

use std::thread;

use self::graph::Graph;
use self::life::live;

/// How many seeds are tried unless `ORCH_SEEDS` says otherwise.
const SEEDS: u64 = 10_000;

/// Random numbers that are the same for the same seed: SplitMix64, by Steele, Lea and Flood.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// Whether something happens that does so in so many cases of a hundred.
    fn percent(&mut self, cases: u64) -> bool {
        self.below(100) < cases
    }
}

/// Lives through the world of a seed; says what was wrong in it.
fn simulate(seed: u64) -> Vec<String> {
    let mut random = Random(seed);
    let graph = Graph::random(&mut random);
    let world = live(seed, graph, &mut random);
    model::wrong(graph, &world)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn random_graphs_under_random_faults() {
    std::panic::set_hook(Box::new(|panic| {
        // Steps panic here by the thousand.
        if !panic.payload().is::<world::Planned>() {
            eprintln!("{panic}");
        }
    }));
    let (first, seeds) = match number("ORCH_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("ORCH_SEEDS").unwrap_or(SEEDS)),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let failed: Vec<(u64, Vec<String>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let seeds = (first..first + seeds).filter(|seed| seed % threads == worker);
                    let failed = seeds.map(|seed| (seed, simulate(seed)));
                    failed
                        .filter(|(_, wrong)| !wrong.is_empty())
                        .take(5)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    let _ = std::panic::take_hook();
    for (seed, wrong) in &failed {
        eprintln!("seed {seed}: {}", wrong.join("\n  "));
        eprintln!(
            "  ORCH_SEED={seed} cargo test -p orch-runtime --all-features simulation -- --nocapture"
        );
    }
    assert!(failed.is_empty(), "{} seeds failed", failed.len());
}
