use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use orch_core::policy::{Backoff, Jitter, Policies, Retry};

/// How often a failed step is tried again, and how long it waits before.
///
/// ```
/// # fn main() -> Result<(), &'static str> {
/// use std::time::Duration;
/// use orch_core::policy::{Backoff, Jitter, Retry};
/// use orch_runtime::policy::retry::{Attempts, Random};
///
/// let backoff = Backoff { jitter: Jitter::None, ..Backoff::DEFAULT };
/// let attempts = Attempts { retries: 1, backoff };
/// let mut random = Random::seeded(1);
/// let wait = attempts.next(1, Retry::Yes, &mut random).ok_or("one extra attempt")?;
/// assert_eq!(wait, Duration::from_millis(200));
/// assert_eq!(attempts.next(2, Retry::Yes, &mut random), None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempts {
    /// Extra attempts after the first one fails.
    pub retries: u32,
    /// The waits between attempts.
    pub backoff: Backoff,
}

impl Attempts {
    /// What these policies ask for: no retries and [`Backoff::DEFAULT`] where they say nothing.
    #[must_use]
    pub fn of(policies: &Policies) -> Self {
        Self {
            retries: policies.retries.unwrap_or(0),
            backoff: policies.backoff.unwrap_or_default(),
        }
    }

    /// The wait before the next attempt when `failed` attempts (at least 1) have failed, the last one
    /// with this verdict; `None` when there is no next attempt.
    ///
    /// [`Retry::After`] is waited for as asked, without cap and jitter.
    pub fn next(&self, failed: u32, verdict: Retry, random: &mut Random) -> Option<Duration> {
        if failed > self.retries {
            return None;
        }
        match verdict {
            Retry::No | Retry::Pause => None,
            Retry::After(wait) => Some(wait),
            Retry::Yes => Some(delay(&self.backoff, failed, random)),
        }
    }
}

/// The wait after `attempt` failed attempts, counted from 1.
///
/// It is `initial * factor^(attempt - 1)`, at most `max`, exact to the nanosecond before jitter.
/// A factor below 1 or not a number counts as 1. No input overflows.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use orch_core::policy::{Backoff, Jitter};
/// use orch_runtime::policy::retry::{Random, delay};
///
/// let backoff = Backoff { jitter: Jitter::None, ..Backoff::DEFAULT };
/// let mut random = Random::seeded(1);
/// assert_eq!(delay(&backoff, 3, &mut random), Duration::from_millis(800));
/// assert_eq!(delay(&backoff, 10_000, &mut random), Duration::from_secs(30));
/// # Ok(())
/// # }
/// ```
pub fn delay(backoff: &Backoff, attempt: u32, random: &mut Random) -> Duration {
    let wait = undisturbed(backoff, attempt);
    match backoff.jitter {
        Jitter::None => wait,
        Jitter::Full => part(wait, random.unit()),
        Jitter::Equal => {
            let half = wait / 2;
            half + part(wait - half, random.unit())
        }
    }
}

/// The wait before jitter.
fn undisturbed(backoff: &Backoff, attempt: u32) -> Duration {
    // Zero times an infinite power would be no number.
    if backoff.initial.is_zero() {
        return Duration::ZERO;
    }
    let factor = if backoff.factor > 1.0 {
        backoff.factor
    } else {
        1.0
    };
    let power = factor.powf(f64::from(attempt.saturating_sub(1)));
    Duration::try_from_secs_f64(backoff.initial.as_secs_f64() * power)
        .map_or(backoff.max, |wait| wait.min(backoff.max))
}

/// A part of a wait, never more than the whole, whatever the rounding.
fn part(wait: Duration, share: f64) -> Duration {
    Duration::try_from_secs_f64(wait.as_secs_f64() * share).map_or(wait, |part| part.min(wait))
}

/// A small source of chance that can be seeded, so that jitter can be reproduced.
///
/// The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014): the same seed gives the same numbers on every machine and in every version.
/// It is not fit for secrets.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use orch_runtime::policy::retry::Random;
///
/// assert_eq!(Random::seeded(42).next_u64(), Random::seeded(42).next_u64());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The numbers that follow from this seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Different numbers each time.
    #[must_use]
    pub fn unseeded() -> Self {
        // The standard library seeds its hashers from the operating system.
        Self::seeded(
            std::collections::hash_map::RandomState::new()
                .build_hasher()
                .finish(),
        )
    }

    /// A generator of its own, for a task that is to share nothing with this one.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self::seeded(self.next_u64())
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number, from 0 to just below 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        const SCALE: f64 = 1.0 / (1u64 << 53) as f64;
        (self.next_u64() >> 11) as f64 * SCALE
    }
}
