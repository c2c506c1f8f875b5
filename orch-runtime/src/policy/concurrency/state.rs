use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The right to be under way; dropping it lets the next one through.
#[derive(Debug)]
#[must_use = "dropping the permit gives it back"]
pub struct Permit {
    // `None` only if the semaphore were closed, which nothing ever does.
    _slot: Option<OwnedSemaphorePermit>,
}

/// A semaphore, whose queue is fair, and the count of those in the queue.
#[derive(Debug)]
pub(super) struct Slots {
    max: usize,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Slots {
    pub(super) fn new(max: u32) -> Self {
        let max = usize::try_from(max)
            .unwrap_or(usize::MAX)
            .clamp(1, Semaphore::MAX_PERMITS);
        Self {
            max,
            free: Arc::new(Semaphore::new(max)),
            waiting: AtomicUsize::new(0),
        }
    }

    pub(super) async fn acquire(&self) -> Permit {
        if let Some(permit) = self.try_acquire() {
            return permit;
        }
        // Boxed, as most callers do not wait.
        Box::pin(self.wait()).await
    }

    async fn wait(&self) -> Permit {
        let _waiting = Waiting::count(&self.waiting);
        Permit {
            _slot: Arc::clone(&self.free).acquire_owned().await.ok(),
        }
    }

    pub(super) fn try_acquire(&self) -> Option<Permit> {
        // A permit that comes free goes to the head of the queue, never to whoever asks here.
        let slot = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Permit { _slot: Some(slot) })
    }

    pub(super) fn in_use(&self) -> usize {
        self.max - self.free.available_permits()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Counts its holder as waiting until it is dropped, be that by cancellation.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn count(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
