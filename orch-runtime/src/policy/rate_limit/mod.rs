//! Rate limits: how many attempts start in a span of time.
//!
//! The algorithm is the generic cell rate algorithm as the crate `governor` has it. The queue before
//! it is fair, and its clock is tokio's.

mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use orch_core::policy::RateLimit;

use state::Lanes;

/// Spaces the starts of attempts, each key on its own, in the order in which they came.
///
/// With a burst of 1 no `period` sees more than `permits` starts; with a burst of *n* a period after
/// a pause can see up to *n* - 1 more.
///
/// Tokio's timer counts in milliseconds, so a start can be a millisecond or two late. Up to a hundred
/// starts a second this pushes back those behind it: the limit is strict, and 50 a second become about
/// 47 when callers queue up. Above that it does not, so that the rate is reached, and a second can see
/// a start or two too many. Under paused time, a spacing of whole milliseconds is exact.
///
/// ```
/// use orch_core::policy::RateLimit;
/// use orch_runtime::policy::rate_limit::{Impossible, RateLimiter};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Impossible> {
/// let limiter = RateLimiter::new("reserve", RateLimit {
///     permits: 50,
///     period: Duration::from_secs(1),
///     burst: 1,
///     name: None,
/// });
/// assert_eq!(limiter.acquire(None, 1).await?, Duration::ZERO);
/// assert_eq!(limiter.acquire(None, 1).await?, Duration::from_millis(20));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RateLimiter {
    name: Box<str>,
    policy: RateLimit,
    burst: u32,
    lanes: Lanes,
}

impl RateLimiter {
    /// A limiter of this name; zero permits, a zero period or a zero burst count as the smallest there is.
    #[must_use]
    pub fn new(name: &str, policy: RateLimit) -> Self {
        Self {
            name: name.into(),
            policy,
            burst: policy.burst.max(1),
            lanes: Lanes::new(&policy),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &RateLimit {
        &self.policy
    }

    /// Waits until an attempt of this weight may start, and says how long that took.
    ///
    /// Each key has the whole rate to itself; `None` is a key of its own. Of one key, nobody is
    /// overtaken: a light one waits behind a heavy one that came before. A weight of zero passes at
    /// once.
    ///
    /// Dropping the future gives back its place; nothing is used up before the future is ready.
    ///
    /// ```
    /// use orch_core::policy::RateLimit;
    /// use orch_runtime::policy::rate_limit::{Impossible, RateLimiter};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Impossible> {
    /// let period = Duration::from_secs(60);
    /// let tokens = RateLimit { permits: 60_000, period, burst: 60_000, name: Some("model") };
    /// let limiter = RateLimiter::new("model", tokens);
    /// assert_eq!(limiter.acquire(Some("small"), 50_000).await?, Duration::ZERO);
    /// assert_eq!(limiter.acquire(Some("small"), 15_000).await?, Duration::from_secs(5));
    /// assert_eq!(limiter.acquire(Some("large"), 15_000).await?, Duration::ZERO);
    /// assert!(limiter.acquire(Some("large"), 60_001).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails with [`Impossible`] at once when the weight is more than the burst, and so could never start.
    pub async fn acquire(&self, key: Option<&str>, weight: u32) -> Result<Duration, Impossible> {
        if weight > self.burst {
            return Err(Impossible {
                weight,
                burst: self.burst,
            });
        }
        let Some(weight) = std::num::NonZeroU32::new(weight) else {
            return Ok(Duration::ZERO);
        };
        Ok(self.lanes.enter(key, weight).await)
    }

    /// How many keys it remembers; those unused for so long that it makes no difference are forgotten.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.lanes.keys()
    }
}

/// What was asked for is more than the limit ever lets through at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Impossible {
    /// The weight that was asked for.
    pub weight: u32,
    /// The most that can be used at once.
    pub burst: u32,
}

impl Impossible {
    /// A stable code of this error: `rate_limit_impossible`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "rate_limit_impossible"
    }
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { weight, burst } = self;
        write!(f, "a weight of {weight} never fits a burst of {burst}")
    }
}

impl std::error::Error for Impossible {}
