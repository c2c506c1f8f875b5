//! Spans and log records: all that this crate names of `tracing`.

pub(crate) use ::tracing::*;

/// Whether a subscriber is there that wants to know of runs.
pub(super) fn is_subscribed() -> bool {
    enabled!(target: "orch", Level::INFO)
}
