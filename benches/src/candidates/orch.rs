//! Orch: `Name::run`, and `start` on an orchestrator.

use std::fmt::Debug;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::orch::{Orchestrator, Workflow};
use futures::FutureExt;

use crate::burning::COPIES;
use crate::harness::Candidate;
use crate::steps::SEED;
use crate::workflows::{
    BreakerChain, CacheChain, Chain10, Chain100, Chain1000, ConcurrencyChain, DeadlineChain,
    Diamond, Fan, Layered, PlainChain100, PlainFan, RateLimitChain, RetriesChain, TimeoutChain,
    Unbalanced,
};

/// The name of a run without an orchestrator.
pub const RUN: &str = "Orch";
/// The name of a run that an orchestrator starts.
pub const START: &str = "Orch, `start`";
/// The name of a run whose steps are plain functions.
pub const PLAIN: &str = "Orch, plain steps";

/// The name of a first run of steps that burn CPU and are plain functions.
pub const PLAIN_FIRST: &str = "Orch, plain steps, first run";
/// The name of a first run of steps that burn CPU and are `async`.
pub const ASYNC_FIRST: &str = "Orch, `async` steps, first run";
/// The name of a second run of steps that burn CPU and are `async`.
pub const ASYNC_SECOND: &str = "Orch, `async` steps, second run";

/// A chain of 10, 100 or 1000.
#[must_use]
pub fn chain(length: usize) -> Vec<Candidate> {
    match length {
        10 => both(Chain10, SEED, Chain10::run),
        100 => {
            let mut candidates = both(Chain100, SEED, Chain100::run);
            candidates.push(alone(PLAIN, SEED, PlainChain100::run));
            candidates
        }
        1000 => both(Chain1000, SEED, Chain1000::run),
        other => panic!("no chain of {other} is declared"),
    }
}

/// Four nodes.
#[must_use]
pub fn diamond() -> Vec<Candidate> {
    both(Diamond, SEED, Diamond::run)
}

/// A `for` of so many items, and a sum.
#[must_use]
pub fn fan(width: usize) -> Vec<Candidate> {
    let input = (SEED, width as u64);
    let mut candidates = both(Fan, input, |(seed, width)| Fan::run(seed, width));
    candidates.push(alone(PLAIN, input, |(seed, width)| {
        PlainFan::run(seed, width)
    }));
    candidates
}

/// 20 layers of 50 nodes.
#[must_use]
pub fn layered() -> Vec<Candidate> {
    both(Layered, SEED, Layered::run)
}

/// A long arm and a short one.
#[must_use]
pub fn unbalanced() -> Vec<Candidate> {
    both(Unbalanced, SEED, Unbalanced::run)
}

/// Steps that burn CPU. Each round takes another copy, since a first run can be had only once.
#[must_use]
pub fn burning(width: usize) -> Vec<Candidate> {
    let (firsts, seconds) = COPIES.split_at(COPIES.len() / 2);
    let turn = AtomicUsize::new(0);
    let plain = Candidate::new(PLAIN_FIRST, move || {
        (firsts[turn.fetch_add(1, Ordering::Relaxed) % firsts.len()].of_plain)(SEED, width)
    });
    let turn = AtomicUsize::new(0);
    let first = Candidate::new(ASYNC_FIRST, move || {
        (firsts[turn.fetch_add(1, Ordering::Relaxed) % firsts.len()].of_async)(SEED, width)
    });
    let turn = AtomicUsize::new(0);
    let second = Candidate::second(ASYNC_SECOND, move || {
        (seconds[turn.fetch_add(1, Ordering::Relaxed) / 2 % seconds.len()].of_async)(SEED, width)
    });
    vec![plain, first, second]
}

/// Chains of 100 whose steps are each under one policy, on one orchestrator; the first is under none.
#[must_use]
pub fn policies() -> Vec<Candidate> {
    vec![
        started("no policy", Chain100, SEED),
        started("cache, a hit", CacheChain, SEED),
        started("rate limit, not reached", RateLimitChain, SEED),
        started("retries, not needed", RetriesChain, SEED),
        started("timeout, not reached", TimeoutChain, SEED),
        started("deadline, not reached", DeadlineChain, SEED),
        started("breaker, closed", BreakerChain, SEED),
        started("concurrency, not reached", ConcurrencyChain, SEED),
    ]
}

fn both<W, F, R, E>(workflow: W, input: W::Input, run: F) -> Vec<Candidate>
where
    W: Workflow<Output = u64> + Copy,
    W::Input: Copy + Sync,
    F: Fn(W::Input) -> R + Send + Sync + 'static,
    R: Future<Output = Result<u64, E>> + Send,
    E: Debug,
{
    vec![alone(RUN, input, run), started(START, workflow, input)]
}

fn alone<I, F, R, E>(name: &'static str, input: I, run: F) -> Candidate
where
    I: Copy + Send + Sync + 'static,
    F: Fn(I) -> R + Send + Sync + 'static,
    R: Future<Output = Result<u64, E>> + Send,
    E: Debug,
{
    Candidate::new(name, move || run(input).map(succeeded))
}

/// Starts all runs on one orchestrator, as a service does.
fn started<W>(name: &'static str, workflow: W, input: W::Input) -> Candidate
where
    W: Workflow<Output = u64> + Copy,
    W::Input: Copy + Sync,
{
    let orchestrator = orchestrator();
    Candidate::new(name, move || {
        let start = orchestrator.start(workflow, input);
        async move { succeeded(succeeded(start.await).result().await) }
    })
}

/// An orchestrator without anything.
#[must_use]
pub fn orchestrator() -> Orchestrator {
    let built = Orchestrator::builder().build().now_or_never();
    succeeded(built.unwrap_or_else(|| panic!("building waits for nothing")))
}

/// What no workflow here fails to give.
#[track_caller]
pub fn succeeded<T, E: Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("a workflow without errors failed: {error:?}"))
}
