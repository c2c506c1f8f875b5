//! The steps of all candidates: as little work as a compiler cannot remove.

use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use orch::prelude::*;
use tokio::sync::Semaphore;

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

/// [`mix`] under each policy alone, none of which has anything to do.
pub mod under {
    use orch::prelude::*;

    use super::work;

    /// Under a cache that has the value.
    #[step(cache_ttl = 600)]
    pub async fn cache(x: u64) -> u64 {
        work(x)
    }

    /// Under a rate limit that is far away.
    #[step(rate_limit("1000000000/s", burst = 1000000))]
    pub async fn rate_limit(x: u64) -> u64 {
        work(x)
    }

    /// Under retries that are not needed.
    #[step(retries = 3)]
    pub async fn retries(x: u64) -> u64 {
        work(x)
    }

    /// Under a timeout that does not fire.
    #[step(timeout = "10s")]
    pub async fn timeout(x: u64) -> u64 {
        work(x)
    }

    /// Under a deadline that does not pass.
    #[step(deadline = "10s")]
    pub async fn deadline(x: u64) -> u64 {
        work(x)
    }

    /// Under a breaker that is closed.
    #[step(breaker)]
    pub async fn breaker(x: u64) -> u64 {
        work(x)
    }

    /// Under a limit of concurrency that nobody else uses.
    #[step(concurrency = 8)]
    pub async fn concurrency(x: u64) -> u64 {
        work(x)
    }
}

/// Waits, and gives the value on.
#[step]
pub async fn pause(x: u64, ms: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    work(x)
}

/// What [`gated`] waits for.
pub static GATE: Semaphore = Semaphore::const_new(0);

/// Waits until the gate is open.
#[step]
pub async fn gated(x: u64) -> u64 {
    drop(GATE.acquire().await);
    work(x)
}

/// Keeps a core busy for about 20 ms: as much work as took that long when this was first called in the process.
#[must_use]
pub fn busy(x: u64) -> u64 {
    static ROUNDS: OnceLock<u64> = OnceLock::new();
    let spin = |rounds| (0..rounds).fold(x, |value, _| work(value));
    let rounds = *ROUNDS.get_or_init(|| {
        const PROBE: u64 = 1 << 20;
        let probes = (0..9).map(|_| {
            let start = Instant::now();
            black_box(spin(PROBE));
            start.elapsed()
        });
        let fastest = probes.min().unwrap_or_default().as_secs_f64();
        (0.02 / fastest * PROBE as f64) as u64
    });
    let start = Instant::now();
    let value = spin(rounds);
    let took = start.elapsed().as_nanos() as u64;
    BUSY.fetch_add(took, Ordering::Relaxed);
    value
}

static BUSY: AtomicU64 = AtomicU64::new(0);

/// The time that [`busy`] has taken in this process, added up over all its calls.
#[must_use]
pub fn busy_time() -> Duration {
    Duration::from_nanos(BUSY.load(Ordering::Relaxed))
}
