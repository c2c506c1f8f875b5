//! Timeouts: how long one attempt may take.

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Instant, sleep, sleep_until};

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
    let mut future = pin!(future);
    let Some(limit) = limit else {
        return Ok(future.await);
    };
    let due = Instant::now().checked_add(limit);
    let mut timer = None;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        // What is ready at once needs no timer; one that is needed goes off even where `future` never lets others run.
        let timer = timer.get_or_insert_with(|| {
            let timer = due.map_or_else(|| sleep(limit), sleep_until);
            Box::pin(unconstrained(timer))
        });
        timer.as_mut().poll(cx).map(|()| Err(Elapsed { limit }))
    })
    .await
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
