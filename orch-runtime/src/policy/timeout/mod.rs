//! Timeouts: how long one attempt may take.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

/// Waits for `future`, at most for `limit`; `None` waits for as long as it takes, at no cost.
///
/// When the limit has passed, `future` is dropped. It is polled at least once, even where the limit
/// is zero.
///
/// ```
/// use std::time::Duration;
/// use orch_runtime::policy::timeout::{Elapsed, within};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Elapsed> {
/// let limit = Duration::from_secs(10);
/// assert_eq!(within(Some(limit), async { 7 }).await?, 7);
///
/// let elapsed = within(Some(limit), std::future::pending::<()>()).await;
/// assert_eq!(elapsed, Err(Elapsed { limit }));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Fails with [`Elapsed`] when the limit passes first.
pub async fn within<F: Future>(limit: Option<Duration>, future: F) -> Result<F::Output, Elapsed> {
    match limit {
        None => Ok(future.await),
        Some(limit) => tokio::time::timeout(limit, future)
            .await
            .map_err(|_| Elapsed { limit }),
    }
}

/// The limit passed before there was a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed {
    /// The limit.
    pub limit: Duration,
}

impl Elapsed {
    /// A stable code of this error: `timeout`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "timeout"
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no result within {:?}", self.limit)
    }
}

impl std::error::Error for Elapsed {}
