//! Where a value came from.

use std::time::Duration;

#[cfg(feature = "serde")]
use serde::Serialize;

/// Where a cached step's value came from, and how old it is.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use orch_core::provenance::Provenance;
///
/// let fresh = Provenance::computed("rates/2024-05-01", "run-7");
/// assert!(!fresh.hit);
/// assert_eq!(fresh.age, Duration::ZERO);
/// assert_eq!(fresh.origin, "run-7");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct Provenance {
    /// Whether the value was there already: nothing was computed for this call.
    pub hit: bool,
    /// The key it is kept under.
    pub key: String,
    /// How long ago it was computed.
    pub age: Duration,
    /// The id of the run that computed it; empty for a value that was stored outside of any run.
    pub origin: String,
    /// Whether this call waited for the computation of another one that was under way.
    pub coalesced: bool,
}

impl Provenance {
    /// Of a value that this call has just computed itself.
    #[must_use]
    pub fn computed(key: &str, origin: &str) -> Self {
        Self {
            hit: false,
            key: key.to_owned(),
            age: Duration::ZERO,
            origin: origin.to_owned(),
            coalesced: false,
        }
    }

    /// Of a value that `origin` computed `age` ago.
    #[must_use]
    pub fn cached(key: &str, origin: &str, age: Duration) -> Self {
        Self {
            hit: true,
            age,
            ..Self::computed(key, origin)
        }
    }

    /// The same, for a call that waited while another one computed the value.
    #[must_use]
    pub fn coalesced(self) -> Self {
        Self {
            coalesced: true,
            ..self
        }
    }
}
