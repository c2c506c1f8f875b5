//! How long the polls of a node take, learned while it runs.
//!
//! A node whose polls keep a core busy while others wait is given a core of its own from the next time on.
//! Reading the clock costs a good part of a small node, so that only polls that others wait for are timed, and those of a
//! node that is known to be quick only now and then.
//!
//! What was learned belongs to the program and outlives its runs.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A poll this long keeps a core busy: some twenty times what it costs to call for another one.
const BUSY: Duration = Duration::from_micros(100);

/// How many polls of a quick node there are for one that is timed.
const SAMPLED: u32 = 16;

const UNKNOWN: u32 = u32::MAX;
const SLOW: u32 = u32::MAX - 1;

/// What is known of a node's polls.
#[derive(Debug)]
pub(crate) struct Pace(
    /// Of a quick node: how many more polls are not timed.
    AtomicU32,
);

impl Default for Pace {
    fn default() -> Self {
        Self(AtomicU32::new(UNKNOWN))
    }
}

impl Pace {
    /// Whether its polls keep a core busy; `None` if that is not known yet.
    pub(crate) fn is_busy(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => None,
            SLOW => Some(true),
            _ => Some(false),
        }
    }

    /// Whether the next poll is to be timed.
    ///
    /// Strands that count at once may lose a count, which does no harm.
    pub(crate) fn is_due(&self) -> bool {
        match self.0.load(Ordering::Relaxed) {
            0 | UNKNOWN | SLOW => true,
            left => {
                self.0.store(left - 1, Ordering::Relaxed);
                false
            }
        }
    }

    /// A poll was timed.
    pub(crate) fn took(&self, time: Duration) {
        let known = if time >= BUSY { SLOW } else { SAMPLED };
        self.0.store(known, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_nodes_are_timed_now_and_then_and_busy_ones_always() {
        let pace = Pace::default();
        assert_eq!(pace.is_busy(), None);
        assert!(pace.is_due());
        pace.took(Duration::from_micros(1));
        assert_eq!(pace.is_busy(), Some(false));
        let timed = (0..=SAMPLED).filter(|_| pace.is_due()).count();
        assert_eq!(timed, 1);
        pace.took(BUSY);
        assert_eq!(pace.is_busy(), Some(true));
        assert!(pace.is_due() && pace.is_due());
        pace.took(Duration::ZERO);
        assert_eq!(pace.is_busy(), Some(false));
    }
}
