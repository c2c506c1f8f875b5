//! What is kept of breakers while no process is there.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::durability::Clock;
use crate::durable::millis;
use crate::store::{Change, Json, Millis};

/// The space of breakers in a store.
pub(crate) const SPACE: &str = "breaker";

/// For how long it is known of a breaker that it may probe; after that, it counts as closed.
const REMEMBERED: Millis = 24 * 60 * 60 * 1_000;

/// An open breaker as it is kept; one that is closed is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    /// When it opened.
    opened_at: Millis,
    /// When it is half open; `None` where that is longer than any clock counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Millis>,
}

/// Keeps the states of breakers, and knows those that were kept before.
pub(crate) struct Keeping {
    before: HashMap<String, Open>,
    clock: Clock,
    submit: Box<dyn Fn(Change) + Send + Sync>,
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping")
            .field("before", &self.before)
            .finish_non_exhaustive()
    }
}

impl Keeping {
    /// With what was kept before; `submit` hands a change over, without waiting until it is kept.
    pub(crate) fn new(
        before: Vec<(String, Json)>,
        clock: Clock,
        submit: impl Fn(Change) + Send + Sync + 'static,
    ) -> Self {
        let read = |(key, json): (String, Json)| Some((key, serde_json::from_str(&json).ok()?));
        Self {
            before: before.into_iter().filter_map(read).collect(),
            clock,
            submit: Box::new(submit),
        }
    }

    /// For how long a breaker is open that was when it was last heard of.
    ///
    /// Never for longer than from its opening on: a clock that was set back keeps it open no longer than that.
    pub(super) fn left(&self, key: &str, recovery: Duration) -> Option<Duration> {
        let open = self.before.get(key)?;
        let Some(until) = open.until else {
            return Some(recovery);
        };
        let left = until.saturating_sub(self.clock.now());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        Some(left.min(recovery))
    }

    /// A breaker has opened.
    pub(super) fn opened(&self, key: &str, recovery: Duration) {
        let now = self.clock.now();
        let until = now.checked_add(millis(recovery));
        let open = Open {
            opened_at: now,
            until,
        };
        // Numbers have a place in JSON.
        if let Ok(value) = serde_json::to_string(&open) {
            (self.submit)(Change::Put {
                space: SPACE,
                key: key.to_owned(),
                value,
                expires_at: until.and_then(|until| until.checked_add(REMEMBERED)),
            });
        }
    }

    /// A breaker has closed.
    pub(super) fn closed(&self, key: &str) {
        (self.submit)(Change::Remove {
            space: SPACE,
            key: key.to_owned(),
        });
    }
}

/// A breaker's place among those that are kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) key: String,
    pub(super) keeping: std::sync::Arc<Keeping>,
}
