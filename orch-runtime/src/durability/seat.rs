//! Places among the runs that are under way.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Durability;
use crate::store::Held;

/// A run's place among those that are under way.
///
/// Dropped with the run, as whatever drove it was dropped, it lets go of the run, so that others take it up.
pub(crate) struct Seat {
    pub(super) durability: Arc<Durability>,
    held: Option<Held>,
}

impl Seat {
    pub(super) fn new(durability: &Arc<Durability>, held: Option<Held>) -> Self {
        Self {
            durability: Arc::clone(durability),
            held,
        }
    }

    /// The run is what was seated.
    pub(crate) fn holds(&mut self, held: Held) {
        self.held = Some(held);
    }

    /// The run is no longer driven here, and was let go of if that was due.
    pub(super) fn leave(mut self) {
        self.held = None;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let durability = &self.durability;
        if let Some(held) = self.held {
            durability.exit(held.run);
            durability.journal.let_go(held);
        }
        durability.active.fetch_sub(1, Ordering::AcqRel);
        durability.left.notify_waiters();
        if durability.more.load(Ordering::Acquire) {
            durability.stirred.notify_one();
        }
    }
}
