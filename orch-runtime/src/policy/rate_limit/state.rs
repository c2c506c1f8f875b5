use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orch_core::policy::RateLimit;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

/// How late tokio's timer can wake a waiter, with a little for the wake-up itself.
const TIMER_SLACK: Duration = Duration::from_millis(2);
/// Starts further apart than this lose little to the timer and are spaced strictly.
const CLOSE_TOGETHER: Duration = Duration::from_millis(10);
/// The longest time that a limit can look back, well below what nanoseconds in a `u64` overflow at.
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

/// What all lanes of a limiter have in common; times are nanoseconds since the epoch.
#[derive(Debug, Clone, Copy)]
struct Pace {
    epoch: Instant,
    /// How long it takes for one cell to come back.
    interval: u64,
    /// How long it takes for all cells to come back.
    refill: u64,
    /// How late a waiter may be let through without pushing back those behind it.
    slack: u64,
}

impl Pace {
    fn new(policy: &RateLimit) -> Self {
        let burst = u64::from(policy.burst.max(1));
        let permits = u128::from(policy.permits.max(1));
        // Rounded up: three per second are never four.
        let interval = nanos(policy.period.as_nanos().div_ceil(permits));
        let interval = interval.clamp(1, nanos(HORIZON.as_nanos()) / burst);
        let close = u128::from(interval) < CLOSE_TOGETHER.as_nanos();
        Self {
            epoch: Instant::now(),
            interval,
            refill: interval * burst,
            slack: if close {
                nanos(TIMER_SLACK.as_nanos())
            } else {
                0
            },
        }
    }

    fn now(&self) -> u64 {
        nanos(self.epoch.elapsed().as_nanos())
    }

    fn instant(&self, at: u64) -> Instant {
        self.epoch + Duration::from_nanos(at)
    }
}

fn nanos(time: u128) -> u64 {
    u64::try_from(time).unwrap_or(u64::MAX / 4)
}

impl Lanes {
    pub(super) fn new(policy: &RateLimit) -> Self {
        let pace = Pace::new(policy);
        Self {
            unkeyed: Lane::new(),
            keyed: Mutex::new(Keyed {
                lanes: HashMap::new(),
                prune_at: FEW_KEYS,
            }),
            pace,
        }
    }

    pub(super) async fn enter(&self, key: Option<&str>, weight: NonZeroU32) {
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
        let lane = Arc::new(Lane::new());
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
            .retain(|_, lane| Arc::strong_count(lane) > 1 || !lane.is_as_new(now));
        self.prune_at = FEW_KEYS.max(self.lanes.len() * 2);
    }
}

/// One queue and the cells it leads to.
#[derive(Debug)]
struct Lane {
    /// Whoever holds the turn is the only one to look at the cells, so that nobody overtakes and only
    /// one timer runs. The semaphore's queue is fair, and dropping a waiter takes it out.
    turn: Semaphore,
    /// When all cells will have come back: none is missing once that is past.
    full_at: AtomicU64,
}

impl Lane {
    fn new() -> Self {
        Self {
            turn: Semaphore::new(1),
            full_at: AtomicU64::new(0),
        }
    }

    async fn enter(&self, pace: &Pace, weight: NonZeroU32) {
        let (_turn, mut waited) = match self.turn.try_acquire() {
            Ok(turn) => (Some(turn), false),
            // The semaphore is never closed, so there is always a turn.
            Err(_) => (self.turn.acquire().await.ok(), true),
        };
        loop {
            let now = pace.now();
            // Who waited counts as having come when it was due, if the timer is to blame.
            let counted = if waited {
                now.saturating_sub(pace.slack)
            } else {
                now
            };
            let Err(due) = self.take(pace, weight, counted) else {
                return;
            };
            if due <= now && self.take(pace, weight, due).is_ok() {
                return;
            }
            sleep_until(pace.instant(due)).await;
            waited = true;
        }
    }

    /// Takes the cells as of this time, or says when they are there.
    ///
    /// More than the burst was refused at the door, so that there is such a time.
    fn take(&self, pace: &Pace, weight: NonZeroU32, at: u64) -> Result<(), u64> {
        // Only the holder of the turn is here, so that nothing happens between reading and writing.
        let full_at = self.full_at.load(Ordering::Relaxed).max(at);
        let full_at = full_at + pace.interval * u64::from(weight.get());
        let due = full_at.saturating_sub(pace.refill);
        if at < due {
            return Err(due);
        }
        self.full_at.store(full_at, Ordering::Relaxed);
        Ok(())
    }

    /// Whether all its cells are there, so that it differs in nothing from a new one.
    fn is_as_new(&self, now: u64) -> bool {
        self.full_at.load(Ordering::Relaxed) <= now
    }
}
