use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::Quota;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use orch_core::policy::RateLimit;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// How late tokio's timer can wake a waiter, with a little for the wake-up itself.
const TIMER_SLACK: Duration = Duration::from_millis(2);
/// Starts further apart than this lose little to the timer and are spaced strictly.
const CLOSE_TOGETHER: Duration = Duration::from_millis(10);
/// The longest time that a limit can look back, well below what governor's nanoseconds overflow at.
const HORIZON: Duration = Duration::from_secs(50 * 365 * 24 * 60 * 60);
/// So many keys are kept before the first look for stale ones.
const FEW_KEYS: usize = 64;

/// The lanes of a limiter, one for each key.
#[derive(Debug)]
pub(super) struct Lanes {
    pace: Pace,
    unkeyed: Lane,
    keyed: Mutex<Keyed>,
}

#[derive(Debug)]
struct Keyed {
    lanes: HashMap<Box<str>, Arc<Lane>>,
    /// Stale lanes are looked for when there are so many: each look at most doubles what is kept, so
    /// that its cost is spread over the keys that were added.
    prune_at: usize,
}

/// What all lanes of a limiter have in common.
#[derive(Debug, Clone, Copy)]
struct Pace {
    epoch: Instant,
    quota: Quota,
    /// How long after its last use a lane is as good as new.
    refill: Duration,
    /// How late a waiter may be let through without pushing back those behind it.
    slack: Nanos,
}

impl Pace {
    fn new(policy: &RateLimit) -> Self {
        let burst = NonZeroU32::new(policy.burst).unwrap_or(NonZeroU32::MIN);
        let permits = u128::from(policy.permits.max(1));
        // Rounded up: three per second are never four.
        let interval = policy.period.as_nanos().div_ceil(permits);
        let longest = HORIZON.as_nanos() / u128::from(burst.get());
        let interval = u64::try_from(interval.clamp(1, longest)).unwrap_or(u64::MAX);
        let interval = Duration::from_nanos(interval);
        Self {
            epoch: Instant::now(),
            quota: Quota::with_period(interval)
                .unwrap_or(Quota::per_second(NonZeroU32::MIN))
                .allow_burst(burst),
            refill: interval.saturating_mul(burst.get()),
            slack: if interval < CLOSE_TOGETHER {
                TIMER_SLACK.into()
            } else {
                Duration::ZERO.into()
            },
        }
    }

    fn now(&self) -> Nanos {
        self.epoch
            .elapsed()
            .as_nanos()
            .try_into()
            .unwrap_or(u64::MAX / 4)
            .into()
    }

    fn instant(&self, at: Nanos) -> Instant {
        self.epoch + Duration::from(at)
    }
}

impl Lanes {
    pub(super) fn new(policy: &RateLimit) -> Self {
        let pace = Pace::new(policy);
        Self {
            unkeyed: Lane::new(&pace),
            keyed: Mutex::new(Keyed {
                lanes: HashMap::new(),
                prune_at: FEW_KEYS,
            }),
            pace,
        }
    }

    /// Waits for its turn; gives for how long.
    pub(super) async fn enter(&self, key: Option<&str>, weight: NonZeroU32) -> Duration {
        match key {
            None => self.unkeyed.enter(&self.pace, weight).await,
            Some(key) => self.lane(key).enter(&self.pace, weight).await,
        }
    }

    pub(super) fn keys(&self) -> usize {
        self.lock().lanes.len()
    }

    fn lane(&self, key: &str) -> Arc<Lane> {
        let mut keyed = self.lock();
        if let Some(lane) = keyed.lanes.get(key) {
            return Arc::clone(lane);
        }
        if keyed.lanes.len() >= keyed.prune_at {
            keyed.prune(&self.pace);
        }
        let lane = Arc::new(Lane::new(&self.pace));
        keyed.lanes.insert(key.into(), Arc::clone(&lane));
        lane
    }

    fn lock(&self) -> MutexGuard<'_, Keyed> {
        // Nothing that is done under the lock leaves it half done.
        self.keyed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keyed {
    fn prune(&mut self, pace: &Pace) {
        let now = pace.now();
        // Nobody is in a lane that only the map knows, and nobody can come while the map is locked.
        self.lanes
            .retain(|_, lane| Arc::strong_count(lane) > 1 || !lane.is_as_new(pace, now));
        self.prune_at = FEW_KEYS.max(self.lanes.len() * 2);
    }
}

/// One queue and the cells it leads to.
#[derive(Debug)]
struct Lane {
    /// Whoever holds the turn is the only one to look at the cells, so that nobody overtakes and only
    /// one timer runs. The semaphore's queue is fair, and dropping a waiter takes it out.
    turn: Semaphore,
    cells: governor::RateLimiter<NotKeyed, InMemoryState, TurnClock, NoOpMiddleware<Nanos>>,
}

impl Lane {
    fn new(pace: &Pace) -> Self {
        Self {
            turn: Semaphore::new(1),
            cells: governor::RateLimiter::direct_with_clock(pace.quota, TurnClock::default()),
        }
    }

    async fn enter(&self, pace: &Pace, weight: NonZeroU32) -> Duration {
        let turn = self.turn.try_acquire().ok();
        if turn.is_some() && self.take(weight, pace.now()).is_ok() {
            return Duration::ZERO;
        }
        let came = Instant::now();
        // Boxed, as most callers do not wait.
        Box::pin(self.wait(pace, weight, turn)).await;
        came.elapsed()
    }

    async fn wait(&self, pace: &Pace, weight: NonZeroU32, turn: Option<SemaphorePermit<'_>>) {
        let mut waited = turn.is_none();
        let _turn = match turn {
            Some(turn) => Some(turn),
            // The semaphore is never closed, so there is always a turn.
            None => self.turn.acquire().await.ok(),
        };
        loop {
            let now = pace.now();
            // Who waited counts as having come when it was due, if the timer is to blame.
            let counted = if waited {
                now.saturating_sub(pace.slack)
            } else {
                now
            };
            let Err(due) = self.take(weight, counted) else {
                return;
            };
            if due <= now && self.take(weight, due).is_ok() {
                return;
            }
            sleep_until(pace.instant(due)).await;
            waited = true;
        }
    }

    /// Takes the cells as of this time, or says when they are there.
    fn take(&self, weight: NonZeroU32, at: Nanos) -> Result<(), Nanos> {
        self.cells.clock().set(at);
        match self.cells.check_n(weight) {
            Ok(Err(not_until)) => Err(not_until.earliest_possible()),
            // More than the burst was refused at the door, so the other error does not happen.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Whether all its cells are there, so that it differs in nothing from a new one.
    fn is_as_new(&self, pace: &Pace, now: Nanos) -> bool {
        self.cells.clock().now() + Nanos::from(pace.refill) <= now
    }
}

/// A lane's clock: it shows what the holder of the turn has set, in nanoseconds since the epoch.
#[derive(Debug, Default)]
struct TurnClock(AtomicU64);

impl TurnClock {
    fn set(&self, now: Nanos) {
        self.0.store(now.as_u64(), Ordering::Relaxed);
    }
}

impl Clock for TurnClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.load(Ordering::Relaxed).into()
    }
}
