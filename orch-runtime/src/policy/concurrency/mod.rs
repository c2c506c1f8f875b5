//! Concurrency limits: how many attempts are under way at once.

mod state;
#[cfg(test)]
mod tests;

use orch_core::policy::Concurrency;

pub use state::Permit;
use state::Slots;

/// Lets at most so many through at once, in the order in which they came.
///
/// ```
/// use orch_core::policy::Concurrency;
/// use orch_runtime::policy::concurrency::Limiter;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limiter = Limiter::new("pack", Concurrency { max: 2, name: None });
/// let permit = limiter.acquire().await;
/// assert_eq!(limiter.in_use(), 1);
/// drop(permit);
/// assert_eq!(limiter.in_use(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Limiter {
    name: Box<str>,
    policy: Concurrency,
    slots: Slots,
}

impl Limiter {
    /// A limiter of this name; a maximum of zero counts as one.
    #[must_use]
    pub fn new(name: &str, policy: Concurrency) -> Self {
        Self {
            name: name.into(),
            policy,
            slots: Slots::new(policy.max),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &Concurrency {
        &self.policy
    }

    /// Waits for a permit, first come first served; dropping the permit gives it back.
    ///
    /// Dropping the future gives back its place in the queue.
    pub async fn acquire(&self) -> Permit {
        self.slots.acquire().await
    }

    /// A permit, if one is free and nobody waits for it.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit> {
        self.slots.try_acquire()
    }

    /// How many permits are given out.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.slots.in_use()
    }

    /// How many callers wait for a permit.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.slots.waiting()
    }
}
