//! Policy values: what a step asks for, as plain constant data.
//!
//! Every field of [`Policies`] is optional: a node's own options lie over those of its step
//! ([`Policies::over`]), and what neither names has the default that is written at each type.

use std::time::Duration;

#[cfg(feature = "serde")]
use serde::Serialize;

#[cfg(feature = "serde")]
use crate::duration;

mod words;

/// What is asked of one step, or of one use of it.
///
/// The default ([`Policies::NONE`]) asks for nothing: one attempt, no limit of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Policies {
    /// Extra attempts after the first one fails; the default is none.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub retries: Option<u32>,
    /// The waits between attempts.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub backoff: Option<Backoff>,
    /// How long one attempt may take; unbounded by default.
    #[cfg_attr(
        feature = "serde",
        serde(
            skip_serializing_if = "Option::is_none",
            serialize_with = "duration::optional"
        )
    )]
    pub timeout: Option<Duration>,
    /// How long all attempts together may take, with the waits between them; unbounded by default.
    #[cfg_attr(
        feature = "serde",
        serde(
            skip_serializing_if = "Option::is_none",
            serialize_with = "duration::optional"
        )
    )]
    pub deadline: Option<Duration>,
    /// Whether results are kept for equal arguments; they are not by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub cache: Option<CachePolicy>,
    /// How many attempts may start in a span of time; unlimited by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub rate_limit: Option<RateLimit>,
    /// How many attempts may be under way at once; unlimited by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub concurrency: Option<Concurrency>,
    /// When to stop calling what keeps failing; never by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub breaker: Option<BreakerPolicy>,
    /// Whether somebody is told when the attempts are used up; nobody is by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub notify_human: Option<bool>,
    /// What is given in place of a failure; nothing by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub fallback: Option<Fallback>,
}

macro_rules! or {
    ($a:expr, $b:expr) => {
        match $a {
            None => $b,
            some => some,
        }
    };
}

impl Policies {
    /// Asks for nothing.
    pub const NONE: Self = Self {
        retries: None,
        backoff: None,
        timeout: None,
        deadline: None,
        cache: None,
        rate_limit: None,
        concurrency: None,
        breaker: None,
        notify_human: None,
        fallback: None,
    };

    /// These policies, with `base` wherever they say nothing.
    #[must_use]
    pub const fn over(self, base: Self) -> Self {
        Self {
            retries: or!(self.retries, base.retries),
            backoff: or!(self.backoff, base.backoff),
            timeout: or!(self.timeout, base.timeout),
            deadline: or!(self.deadline, base.deadline),
            cache: or!(self.cache, base.cache),
            rate_limit: or!(self.rate_limit, base.rate_limit),
            concurrency: or!(self.concurrency, base.concurrency),
            breaker: or!(self.breaker, base.breaker),
            notify_human: or!(self.notify_human, base.notify_human),
            fallback: or!(self.fallback, base.fallback),
        }
    }

    /// Whether nothing at all is asked for, so that a call needs no policy machinery.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.retries.is_none()
            && self.backoff.is_none()
            && self.timeout.is_none()
            && self.deadline.is_none()
            && self.cache.is_none()
            && self.rate_limit.is_none()
            && self.concurrency.is_none()
            && self.breaker.is_none()
            && self.notify_human.is_none()
            && self.fallback.is_none()
    }
}

/// The waits between attempts: exponential, capped, with jitter.
///
/// The wait after attempt *n* (counted from 1) is `initial * factor^(n-1)`, at most `max`, then jittered.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Backoff {
    /// The wait after the first attempt; 200 ms by default.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::serialize"))]
    pub initial: Duration,
    /// The longest wait; 30 s by default.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::serialize"))]
    pub max: Duration,
    /// What each wait is multiplied by to give the next; 2 by default, at least 1.
    pub factor: f64,
    /// How much of a wait is left to chance; [`Jitter::Equal`] by default.
    pub jitter: Jitter,
}

impl Backoff {
    /// 200 ms to 30 s, doubling, with equal jitter.
    pub const DEFAULT: Self = Self {
        initial: Duration::from_millis(200),
        max: Duration::from_secs(30),
        factor: 2.0,
        jitter: Jitter::Equal,
    };
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How much of a wait is left to chance, so that many retries do not arrive together.
///
/// The variants are those of Marc Brooker's "Exponential Backoff And Jitter" (2015).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum Jitter {
    /// The whole wait, always.
    None,
    /// Anything from zero to the whole wait.
    Full,
    /// Half of the wait, and anything up to the other half.
    #[default]
    Equal,
}

/// Keeping a step's results for equal arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct CachePolicy {
    /// How long a result is fresh; `None` never expires.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::optional"))]
    pub ttl: Option<Duration>,
    /// Names under which results can be invalidated together.
    pub tags: &'static [&'static str],
}

/// How many attempts may start in a span of time (the generic cell rate algorithm).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct RateLimit {
    /// Attempts, or units of weight, per `period`; at least 1.
    pub permits: u32,
    /// The span that `permits` are counted over; longer than zero.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::serialize"))]
    pub period: Duration,
    /// How much may be used at once after a pause: 1 by default, so that attempts are spaced evenly;
    /// a weighted limit's default is `permits`.
    pub burst: u32,
    /// The name it is shared under; `None` is this step alone.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub name: Option<&'static str>,
}

/// How many attempts may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Concurrency {
    /// At most so many; at least 1.
    pub max: u32,
    /// The name it is shared under; `None` is this step alone.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub name: Option<&'static str>,
}

/// When to stop calling what keeps failing, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct BreakerPolicy {
    /// Failures in a row that open the breaker; 5 by default.
    pub failure_threshold: u32,
    /// How long it stays open before it lets calls through to probe; 60 s by default.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::serialize"))]
    pub recovery_timeout: Duration,
    /// How many probing calls may be under way while it is half open, and how many must succeed to close it; 1 by default.
    pub half_open_max_calls: u32,
    /// The name it is shared under; `None` is this step alone.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub name: Option<&'static str>,
}

/// What a call gives in place of a failure for good: after its retries, its deadline, or where its breaker is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Fallback {
    /// The last good value that the cache has of the call, though it is no longer fresh.
    Stale {
        /// How old it may be.
        #[cfg_attr(feature = "serde", serde(serialize_with = "duration::serialize"))]
        max_age: Duration,
    },
}

/// Whether an error is worth another attempt, said by a step's `retry_if` function.
///
/// `bool` converts into it, so that a plain predicate will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try again after the backoff's wait.
    Yes,
    /// Do not try again.
    No,
    /// Try again after this wait instead of the backoff's, as a server's `Retry-After` asks.
    After(Duration),
    /// Try again when somebody has seen to it: a durable run is paused, with what the step failed with as the reason, and
    /// the step is called again when the run is resumed. No fallback is called and nothing is undone meanwhile.
    ///
    /// In a run that is not durable, which cannot be paused, it is [`No`](Self::No).
    Pause,
}

impl From<bool> for Retry {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}
