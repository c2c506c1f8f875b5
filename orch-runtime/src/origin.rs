//! Where a value came from.

use std::time::Duration;

#[cfg(feature = "serde")]
use serde::Serialize;

/// Where a node's value came from, for the step that receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Origin {
    /// The cache.
    Cache {
        /// The key it was kept under.
        key: String,
        /// How old it was when it was read.
        age: Duration,
        /// The run that computed it.
        run: String,
        /// Whether this run waited for another's computation instead of finding it ready.
        coalesced: bool,
    },
    /// The cache, though the value was no longer fresh: the call failed for good, and its step says
    /// `fallback = stale(…)`.
    Stale {
        /// The key it was kept under.
        key: String,
        /// How old it was when it was read.
        age: Duration,
        /// The run that computed it.
        run: String,
    },
    /// A later tier of a fallback chain.
    Fallback {
        /// Which tier, counted from 0; the first choice is 0.
        tier: usize,
        /// The step of that tier.
        step: &'static str,
    },
}
