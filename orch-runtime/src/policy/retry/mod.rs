//! Retries: whether there is another attempt, and the wait before it.
//!
//! The waits are exponential and capped, with jitter after Marc Brooker's
//! "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015). There is never a wait after the
//! last attempt, and the error that surfaces is the last attempt's own.

mod state;
#[cfg(test)]
mod tests;

pub use state::{Attempts, Random, delay};

use orch_core::policy::Retry;

/// Calls `operation` until it succeeds, `verdict` says no, or `attempts` has none left.
///
/// `operation` is given the attempt's number, from 1. Dropping the future cancels the attempt or the
/// wait that is under way.
///
/// ```
/// use orch_core::policy::{Backoff, Retry};
/// use orch_runtime::policy::retry::{self, Attempts, Random};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), std::num::ParseIntError> {
/// let replies = ["busy", "busy", "7"];
/// let attempts = Attempts { retries: 3, backoff: Backoff::DEFAULT };
/// let seven: u32 = retry::run(
///     attempts,
///     &mut Random::seeded(1),
///     |_error| Retry::Yes,
///     |attempt| async move { replies[attempt as usize - 1].parse() },
/// )
/// .await?;
/// assert_eq!(seven, 7);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The last attempt's error.
pub async fn run<T, E, F>(
    attempts: Attempts,
    random: &mut Random,
    mut verdict: impl FnMut(&E) -> Retry,
    mut operation: impl FnMut(u32) -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut attempt = 1;
    loop {
        let error = match operation(attempt).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        match attempts.next(attempt, verdict(&error), random) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(error),
        }
        attempt += 1;
    }
}
