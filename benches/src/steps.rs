//! The steps of all candidates: as little work as a compiler cannot remove.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use orch::prelude::*;

/// What every run starts with.
pub const SEED: u64 = 0x5EED;

fn work(x: u64) -> u64 {
    black_box(x)
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
}

/// One value in, one out.
#[step]
pub async fn mix(x: u64) -> u64 {
    work(x)
}

/// The same as [`mix`], not `async`.
#[step]
pub fn plain_mix(x: u64) -> u64 {
    work(x)
}

/// Two values in, one out.
#[step]
pub async fn blend(a: u64, b: u64) -> u64 {
    work(a.rotate_left(1) ^ b)
}

/// Three values in, one out.
#[step]
pub async fn blend3(a: u64, b: u64, c: u64) -> u64 {
    work(a.rotate_left(2) ^ b.rotate_left(1) ^ c)
}

/// The sum of all, modulo 2⁶⁴, so that it is the same in whichever order it is taken.
#[step]
pub async fn sum(values: &[u64]) -> u64 {
    values.iter().fold(0, |sum, value| sum.wrapping_add(*value))
}

/// Waits, and gives the value on.
#[step]
pub async fn pause(x: u64, ms: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    work(x)
}

/// Keeps a core busy for 20 ms, as nearly as could be found out when this was first called in the process.
#[must_use]
pub fn busy(x: u64) -> u64 {
    static ROUNDS: OnceLock<u64> = OnceLock::new();
    let spin = |rounds| (0..rounds).fold(x, |value, _| work(value));
    let rounds = *ROUNDS.get_or_init(|| {
        const PROBE: u64 = 1 << 20;
        let fastest = (0..9).map(|_| {
            let start = Instant::now();
            black_box(spin(PROBE));
            start.elapsed()
        });
        let fastest = fastest.min().unwrap_or_default().as_secs_f64();
        (0.02 / fastest * PROBE as f64) as u64
    });
    spin(rounds)
}
