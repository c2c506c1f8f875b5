//! The time of durable runs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::durable::millis;
use crate::store::Millis;

/// The time of durable runs: waits are kept as times of day, so that they go on while nobody is there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// The system's.
    System,
    /// The runtime's, which a test may have paused, counted from a time of day.
    #[cfg_attr(
        not(feature = "testing"),
        expect(dead_code, reason = "only tests pause a clock")
    )]
    Runtime { began: Instant, at: Millis },
}

impl Clock {
    /// The runtime's clock, from now on.
    #[cfg(feature = "testing")]
    pub(crate) fn of_runtime(at: Millis) -> Self {
        Self::Runtime {
            began: Instant::now(),
            at,
        }
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn now(&self) -> Millis {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                millis(since.unwrap_or_default())
            }
            Self::Runtime { began, at } => at.saturating_add(millis(began.elapsed())),
        }
    }

    /// Waits until a time, which a clock that is set back puts off.
    pub(crate) async fn sleep_until(&self, until: Millis) {
        loop {
            let left = until.saturating_sub(self.now());
            if left <= 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left.unsigned_abs())).await;
        }
    }
}
