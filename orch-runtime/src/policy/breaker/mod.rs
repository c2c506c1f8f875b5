//! Circuit breakers: not calling what keeps failing.
//!
//! A breaker is *closed* while calls succeed. So many failures in a row *open* it: calls are refused
//! at once. When its recovery timeout has passed it is *half open*: a few calls probe, all others are
//! refused. Enough successful probes close it, one failed probe opens it again (Michael Nygard,
//! "Release It!", 2007).

#[cfg(feature = "durable")]
mod kept;
#[cfg(not(feature = "durable"))]
#[path = "../../absent/breaker.rs"]
mod kept;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use orch_core::policy::BreakerPolicy;
#[cfg(feature = "serde")]
use serde::Serialize;
use tokio::time::Instant;

pub(crate) use kept::Keeping;
use kept::Kept;
#[cfg(feature = "durable")]
pub(crate) use kept::SPACE;
use state::{Generation, Machine, Report};

use crate::observe::tracing;

/// Refuses calls of what keeps failing.
///
/// Only results that were reported count: a call that is cancelled, its permit dropped, counts
/// neither way. So does a call that began before the breaker last changed its state: what it says is
/// about another time. A permit that is dropped by a panic counts as a failure.
///
/// ```
/// use orch_core::policy::BreakerPolicy;
/// use orch_runtime::policy::breaker::{Breaker, BreakerOpen, BreakerState};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), BreakerOpen> {
/// let breaker = Breaker::new("billing", BreakerPolicy {
///     failure_threshold: 1,
///     recovery_timeout: Duration::from_secs(60),
///     half_open_max_calls: 1,
///     name: None,
/// });
/// breaker.acquire()?.failure();
/// assert_eq!(breaker.state(), BreakerState::Open);
///
/// tokio::time::advance(Duration::from_secs(60)).await;
/// breaker.acquire()?.success();
/// assert_eq!(breaker.state(), BreakerState::Closed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Breaker {
    name: Box<str>,
    policy: BreakerPolicy,
    // Held for a few instructions at a time, never across an await.
    machine: Mutex<Machine>,
    /// Where its state is kept, if it is to outlive the process.
    kept: OnceLock<Kept>,
}

impl Breaker {
    /// A closed breaker; a threshold or a number of calls of zero counts as one.
    #[must_use]
    pub fn new(name: &str, policy: BreakerPolicy) -> Self {
        Self {
            name: name.into(),
            policy,
            machine: Mutex::new(Machine::new(&policy)),
            kept: OnceLock::new(),
        }
    }

    /// Goes on as it was when its state was last kept, and keeps it from now on; only the first time.
    pub(crate) fn keep(&self, keeping: &Arc<Keeping>, step: &str) {
        self.kept.get_or_init(|| {
            let key = self.kept_under(step);
            if let Some(left) = keeping.left(&key, self.policy.recovery_timeout) {
                self.machine().reopen(left, Instant::now());
            }
            Kept {
                key,
                keeping: Arc::clone(keeping),
            }
        });
    }

    /// What a breaker is kept under: its name, or its step and its settings where it has none.
    fn kept_under(&self, step: &str) -> String {
        let policy = self.policy;
        match policy.name {
            Some(name) => name.to_owned(),
            None => format!(
                "{step} {} {:?} {}",
                policy.failure_threshold, policy.recovery_timeout, policy.half_open_max_calls
            ),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &BreakerPolicy {
        &self.policy
    }

    /// Whether it lets calls through.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        self.with(Machine::state)
    }

    /// Asks to make a call, whose end is then told to the permit.
    ///
    /// # Errors
    /// Fails with [`BreakerOpen`] when the call is not to be made.
    pub fn acquire(&self) -> Result<Permit<'_>, BreakerOpen> {
        let generation = self.machine().let_through();
        match generation.map_or_else(|| self.with(Machine::acquire), Ok) {
            Ok(generation) => Ok(Permit {
                breaker: self,
                generation,
                reported: false,
            }),
            Err(retry_after) => Err(BreakerOpen {
                name: self.name.clone(),
                retry_after,
            }),
        }
    }

    /// Makes a call through the breaker and reports its end; `future` is not polled when it is open.
    ///
    /// ```
    /// use orch_core::policy::BreakerPolicy;
    /// use orch_runtime::policy::breaker::{Breaker, CallError};
    /// use std::num::ParseIntError;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), CallError<ParseIntError>> {
    /// # let policy = BreakerPolicy {
    /// #     failure_threshold: 1,
    /// #     recovery_timeout: std::time::Duration::from_secs(60),
    /// #     half_open_max_calls: 1,
    /// #     name: None,
    /// # };
    /// let breaker = Breaker::new("parser", policy);
    /// assert_eq!(breaker.call(async { "7".parse::<u32>() }).await?, 7);
    ///
    /// let failed = breaker.call(async { "seven".parse::<u32>() }).await;
    /// assert!(matches!(failed, Err(CallError::Failed(_))));
    /// let refused = breaker.call(async { "8".parse::<u32>() }).await;
    /// assert!(matches!(refused, Err(CallError::Open(_))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails with [`CallError::Open`] when the call is not made, and with the call's own error.
    pub async fn call<T, E>(
        &self,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, CallError<E>> {
        let permit = self.acquire().map_err(CallError::Open)?;
        match future.await {
            Ok(value) => {
                permit.success();
                Ok(value)
            }
            Err(error) => {
                permit.failure();
                Err(CallError::Failed(error))
            }
        }
    }

    /// Counts a success of a call that was made without a permit.
    ///
    /// It is ignored while the breaker is open, and taken for a probe's while it is half open.
    pub fn record_success(&self) {
        self.report(None, Report::Success);
    }

    /// Counts a failure of a call that was made without a permit.
    ///
    /// It is ignored while the breaker is open, and taken for a probe's while it is half open.
    pub fn record_failure(&self) {
        self.report(None, Report::Failure);
    }

    /// Closes it, whatever happened; calls under way no longer count.
    pub fn reset(&self) {
        self.with(|machine, _now| machine.reset());
    }

    /// Its state in full, at this moment.
    #[must_use]
    pub fn snapshot(&self) -> BreakerSnapshot {
        self.with(|machine, now| machine.snapshot(&self.name, now))
    }

    fn report(&self, generation: Option<Generation>, report: Report) {
        if report == Report::Success && self.machine().went_well(generation) {
            return;
        }
        self.with(|machine, now| machine.report(generation, report, now));
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        // The machine is consistent between any two of its methods, so a panic leaves it usable.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one way to change the machine's state; says when it has changed.
    fn with<R>(&self, action: impl FnOnce(&mut Machine, Instant) -> R) -> R {
        let (result, changed) = {
            let mut machine = self.machine();
            let before = machine.generation();
            // Under the lock, so that the machine never sees time go backwards.
            let now = Instant::now();
            let result = action(&mut machine, now);
            let changed = (machine.generation() != before).then(|| machine.state(now));
            if let (Some(state), Some(Kept { key, keeping })) = (changed, self.kept.get()) {
                // Under the lock as well, so that changes are kept in their order.
                match state {
                    BreakerState::Open => keeping.opened(key, self.policy.recovery_timeout),
                    BreakerState::Closed => keeping.closed(key),
                    // That follows from when it opened.
                    BreakerState::HalfOpen => {}
                }
            }
            (result, changed)
        };
        match changed {
            Some(BreakerState::Open) => {
                tracing::warn!(target: "orch", event = "breaker_opened", breaker = &*self.name);
            }
            Some(state) => {
                tracing::info!(target: "orch", event = "breaker_changed", breaker = &*self.name, %state);
            }
            None => {}
        }
        result
    }
}

/// The right to make one call; tell it how the call ended.
///
/// Dropped without a word, as by cancellation, it counts neither way.
#[derive(Debug)]
#[must_use = "tell it how the call ended; dropping it counts neither way"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    generation: Generation,
    reported: bool,
}

impl Permit<'_> {
    /// The call succeeded.
    pub fn success(self) {
        self.end(Report::Success);
    }

    /// The call failed.
    pub fn failure(self) {
        self.end(Report::Failure);
    }

    fn end(mut self, report: Report) {
        self.reported = true;
        self.breaker.report(Some(self.generation), report);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.reported {
            let report = if std::thread::panicking() {
                Report::Failure
            } else {
                Report::Nothing
            };
            self.breaker.report(Some(self.generation), report);
        }
    }
}

/// Whether a breaker lets calls through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum BreakerState {
    /// All calls go through.
    Closed,
    /// No call goes through.
    Open,
    /// A few calls go through to probe.
    HalfOpen,
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        })
    }
}

/// A breaker's state in full, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// The breaker's name.
    pub name: String,
    /// Whether it lets calls through.
    pub state: BreakerState,
    /// Failures in a row; counted while it is closed, else zero.
    pub failures: u32,
    /// Probing calls under way; counted while it is half open, else zero.
    pub probing: u32,
    /// Probing calls that have succeeded; counted while it is half open, else zero.
    pub recovered: u32,
    /// How long until it is half open; `None` unless it is open.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub retry_after: Option<Duration>,
    /// How often it has opened since it was made.
    pub opened: u64,
    /// How many calls it has refused since it was made.
    pub refused: u64,
}

/// The call was not made because the breaker is open, or half open with enough probes under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerOpen {
    /// The breaker's name.
    pub name: Box<str>,
    /// How long until it lets calls probe; zero when that depends on the probes that are under way.
    pub retry_after: Duration,
}

impl BreakerOpen {
    /// A stable code of this error: `breaker_open`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "breaker_open"
    }
}

impl fmt::Display for BreakerOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, retry_after } = self;
        if retry_after.is_zero() {
            write!(
                f,
                "breaker `{name}` is half open and its probes are under way"
            )
        } else {
            write!(f, "breaker `{name}` is open for another {retry_after:.1?}")
        }
    }
}

impl std::error::Error for BreakerOpen {}

/// Why a call through a breaker gave no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError<E> {
    /// It was not made.
    Open(BreakerOpen),
    /// It was made and failed.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(open) => open.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for CallError<E> {
    // Shown in full by `Display`, so the source is what lies beneath.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open(_) => None,
            Self::Failed(error) => error.source(),
        }
    }
}
