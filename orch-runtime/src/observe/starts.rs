//! When the nodes of a scope began, where somebody listens.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long after the run each node of a frame began, in nanoseconds and one more: 0 is that it has not.
#[derive(Debug, Default)]
pub(crate) struct Starts(OnceLock<Box<[AtomicU64]>>);

impl Starts {
    /// One of so many nodes begins, so long after the run.
    pub(super) fn begin(&self, node: usize, nodes: usize, since: Duration) {
        let none = || (0..nodes).map(|_| AtomicU64::new(0)).collect();
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX - 1);
        self.0.get_or_init(none)[node].store(nanos + 1, Ordering::Relaxed);
    }

    /// A node ends: gives how long after the run it had begun, if it had.
    pub(super) fn end(&self, node: usize) -> Option<Duration> {
        let since = &self.0.get()?[node];
        let nanos = since.load(Ordering::Relaxed).checked_sub(1)?;
        since.store(0, Ordering::Relaxed);
        Some(Duration::from_nanos(nanos))
    }
}
