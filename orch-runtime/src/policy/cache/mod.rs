//! The cache: not doing again what was done before, nor twice at once.
//!
//! Results are kept in memory by the crate `quick_cache`, the least useful leaving first when it is full, or, where there
//! is a `CacheStore`, as JSON in that, so that they outlive the process.
//! Callers who want a result that another one is computing wait for it (single flight).

#[cfg(any(test, feature = "testing"))]
mod conformance;
mod flight;
mod state;
#[cfg(feature = "durable")]
mod store;
#[cfg(not(feature = "durable"))]
#[path = "../../absent/cache.rs"]
mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orch_core::policy::CachePolicy;
use orch_core::provenance::Provenance;
#[cfg(feature = "serde")]
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::durable::Json;
pub use crate::step::Computed;
use crate::step::Shared;
#[cfg(any(test, feature = "testing"))]
pub use conformance::conformance;
use flight::{Boarding, Flights, Landing, Lead};
use state::{Entry, Shelf};
pub(crate) use store::Behind;
#[cfg(feature = "durable")]
pub(crate) use store::BesideRuns;
#[cfg(feature = "durable")]
pub use store::{CacheStore, StoredResult};

/// Keeps results under keys, for a while.
///
/// ```
/// use orch_core::policy::CachePolicy;
/// use orch_runtime::policy::cache::Cache;
/// use orch_runtime::step::Shared;
/// use std::num::ParseIntError;
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), ParseIntError> {
/// let cache = Cache::default();
/// let policy = CachePolicy { ttl: Some(Duration::from_secs(600)), tags: &["rates"] };
/// let compute = async || Ok::<Shared, ParseIntError>(Arc::new("7".parse::<u32>()?));
///
/// let first = cache.get_or_compute("seven", policy, "run-1", compute()).await?;
/// let second = cache.get_or_compute("seven", policy, "run-2", compute()).await?;
/// assert!(!first.provenance.hit);
/// assert!(second.provenance.hit);
/// assert_eq!(second.provenance.origin, "run-1");
///
/// assert_eq!(cache.get::<u32>("seven"), Some(7));
/// assert_eq!(cache.invalidate_tag("rates").await, 1);
/// assert_eq!(cache.get::<u32>("seven"), None);
/// # Ok(())
/// # }
/// ```
pub struct Cache {
    shelf: Shelf,
    /// Where results are kept that have JSON; without it, and for all others, that is the shelf.
    behind: Option<Behind>,
    flights: Arc<Flights>,
    hits: AtomicU64,
    misses: AtomicU64,
    coalesced: AtomicU64,
}

impl Cache {
    /// How many results a cache keeps by default.
    pub const DEFAULT_CAPACITY: u64 = 10_000;

    /// An empty cache for so many results, whatever their size; a capacity of zero keeps none but
    /// still lets callers share a computation that is under way.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self {
            shelf: Shelf::new(capacity),
            behind: None,
            flights: Arc::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            coalesced: AtomicU64::new(0),
        }
    }

    /// The same, with results that have JSON behind it.
    pub(crate) fn before(self, behind: Behind) -> Self {
        Self {
            behind: Some(behind),
            ..self
        }
    }

    /// Whether results are kept as JSON, where they have any.
    pub(crate) fn is_stored(&self) -> bool {
        self.behind.is_some()
    }

    /// The fresh result of this key, or else what `compute` gives, which is then kept.
    ///
    /// Of many callers of one key, one computes and the others wait and share what it computed.
    /// When it fails, the error is its own, and each of those who waited computes for itself: nobody
    /// waits for more than one failure of others. When it is cancelled, one of them takes its place.
    ///
    /// A result is fresh for as long as both this policy and the one it was kept under allow. One
    /// that is invalidated while it is computed goes to those who wait for it and is not kept.
    ///
    /// # Errors
    /// The error of this call's own `compute`.
    pub async fn get_or_compute<T: Into<Computed>, E>(
        &self,
        key: &str,
        policy: CachePolicy,
        origin: &str,
        compute: impl Future<Output = Result<T, E>>,
    ) -> Result<Cached, E> {
        loop {
            if let Some(cached) = self.fresh(key, policy.ttl).await {
                return Ok(cached);
            }
            match self.flights.board(key, policy.tags) {
                Boarding::Lead(lead) => {
                    // Another flight may have landed between the look and the boarding.
                    if let Some(cached) = self.fresh(key, policy.ttl).await {
                        return Ok(cached);
                    }
                    return self.compute(key, policy, origin, Some(lead), compute).await;
                }
                Boarding::Wait(flight) => match flight.landing().await {
                    Some(Landing::Landed(entry)) => {
                        self.coalesced.fetch_add(1, Ordering::Relaxed);
                        let mut cached = entry.cached(key);
                        cached.provenance = cached.provenance.coalesced();
                        return Ok(cached);
                    }
                    Some(Landing::Failed) => {
                        return self.compute(key, policy, origin, None, compute).await;
                    }
                    None => {}
                },
            }
        }
    }

    /// The fresh result of this key, wherever it is kept.
    async fn fresh(&self, key: &str, ttl: Option<Duration>) -> Option<Cached> {
        if let Some(cached) = self.fresh_here(key, ttl) {
            return Some(cached);
        }
        let cached = self.behind.as_ref()?.fresh(key, ttl).await?;
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(cached)
    }

    /// The fresh result of this key in memory.
    pub(crate) fn fresh_here(&self, key: &str, ttl: Option<Duration>) -> Option<Cached> {
        let entry = self.shelf.fresh(key, ttl)?;
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(entry.cached(key))
    }

    /// The last result of this key, fresh or not, if it is no older than this; for those who have nothing better.
    ///
    /// It does not count as a use. What has room made for it, or is invalidated, is no longer there.
    pub async fn last_good(&self, key: &str, max_age: Duration) -> Option<Cached> {
        if let Some(entry) = self.shelf.any(key)
            && entry.age() <= max_age
        {
            return Some(entry.cached(key));
        }
        self.behind.as_ref()?.last_good(key, max_age).await
    }

    /// Computes for this caller, and for those who wait for `lead`.
    async fn compute<T: Into<Computed>, E>(
        &self,
        key: &str,
        policy: CachePolicy,
        origin: &str,
        lead: Option<Lead<'_>>,
        compute: impl Future<Output = Result<T, E>>,
    ) -> Result<Cached, E> {
        self.misses.fetch_add(1, Ordering::Relaxed);
        let era = self.flights.era();
        match compute.await {
            Ok(computed) => {
                let Computed {
                    value,
                    json,
                    stale_for,
                } = computed.into();
                let entry = Arc::new(Entry::new(value, policy.ttl, policy.tags, origin));
                let json = json.and_then(|json| RawValue::from_string(json).ok());
                match (&self.behind, json) {
                    (Some(behind), Some(json)) => {
                        let flights = Arc::clone(&self.flights);
                        let (flight, own) = (lead.as_ref().map(Lead::number), key.to_owned());
                        let holds = move || match flight {
                            Some(number) => flights.is_under_way(&own, number),
                            None => flights.is_still(era),
                        };
                        let kept = ToBeKept {
                            value: json,
                            policy,
                            stale_for,
                            origin,
                        };
                        behind.keep(key, kept, holds).await;
                        if let Some(lead) = lead {
                            lead.land(None, &entry);
                        }
                    }
                    _ => match lead {
                        Some(lead) => lead.land(Some(&self.shelf), &entry),
                        None => self.flights.keep(&self.shelf, key, &entry, era),
                    },
                }
                Ok(Cached {
                    value: Arc::clone(&entry.value),
                    provenance: Provenance::computed(key, origin),
                })
            }
            Err(error) => {
                if let Some(lead) = lead {
                    lead.fail();
                }
                Err(error)
            }
        }
    }

    /// The fresh result of this key in memory and where it came from, without counting as a use.
    #[must_use]
    pub fn peek(&self, key: &str) -> Option<Cached> {
        let entry = self.shelf.fresh(key, None)?;
        Some(entry.cached(key))
    }

    /// Keeps a value that `origin` (the id of a run, or nothing) computed, in the place of any other.
    ///
    /// A `ttl` of `None` never expires. What is being computed for the key is not kept.
    pub fn insert(
        &self,
        key: &str,
        value: Shared,
        ttl: Option<Duration>,
        tags: &[&str],
        origin: &str,
    ) {
        let entry = Arc::new(Entry::new(value, ttl, tags, origin));
        self.flights.replace(&self.shelf, key, entry);
    }

    /// The fresh value of this key, if it is one of this type.
    ///
    /// ```
    /// # fn main() -> Result<(), &'static str> {
    /// use orch_runtime::policy::cache::Cache;
    ///
    /// let cache = Cache::new(100);
    /// cache.set("greeting", "hello".to_owned(), None, &["words"]);
    /// let greeting: String = cache.get("greeting").ok_or("just kept")?;
    /// assert_eq!(greeting, "hello");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self, key: &str) -> Option<T> {
        let entry = self.shelf.fresh(key, None);
        let value = entry.and_then(|entry| entry.value.downcast_ref::<T>().cloned());
        let counter = if value.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        value
    }

    /// Keeps a value; a `ttl` of `None` never expires.
    pub fn set<T: Send + Sync + 'static>(
        &self,
        key: &str,
        value: T,
        ttl: Option<Duration>,
        tags: &[&str],
    ) {
        self.insert(key, Arc::new(value), ttl, tags, "");
    }

    /// Drops the result of this key; whether there was a fresh one.
    pub async fn invalidate(&self, key: &str) -> bool {
        let was_here = self.invalidate_here(key);
        let Some(behind) = &self.behind else {
            return was_here;
        };
        behind.forget(key).await || was_here
    }

    /// Drops the result of this key in memory; whether there was a fresh one.
    pub(crate) fn invalidate_here(&self, key: &str) -> bool {
        self.flights
            .invalidate(&self.shelf, key)
            .is_some_and(|entry| entry.is_fresh(None))
    }

    /// Drops all results with this tag; how many of them were fresh.
    ///
    /// It looks at every result that is kept.
    pub async fn invalidate_tag(&self, tag: &str) -> usize {
        self.invalidate_all(Some(tag)).await
    }

    /// Drops all results.
    pub async fn clear(&self) {
        self.invalidate_all(None).await;
    }

    async fn invalidate_all(&self, tag: Option<&str>) -> usize {
        let dropped = self.flights.invalidate_all(&self.shelf, tag);
        let here = dropped.iter().filter(|entry| entry.is_fresh(None)).count();
        let Some(behind) = &self.behind else {
            return here;
        };
        here + behind.forget_all(tag).await
    }

    /// How many results are kept in memory, those that have expired and were not yet replaced among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shelf.len()
    }

    /// Whether nothing is kept in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it was good for so far.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            coalesced: self.coalesced.load(Ordering::Relaxed),
        }
    }
}

impl Default for Cache {
    /// Keeps [`Cache::DEFAULT_CAPACITY`] results.
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// A result on its way into a store.
#[cfg_attr(
    not(feature = "durable"),
    expect(dead_code, reason = "there is no such store")
)]
struct ToBeKept<'a> {
    value: Box<RawValue>,
    policy: CachePolicy,
    /// For how long it is kept once it is no longer fresh.
    stale_for: Option<Duration>,
    origin: &'a str,
}

/// A value that came out of a store, and is not yet what its step gave.
#[derive(Debug)]
pub(crate) struct StoredJson(pub(crate) Json);

/// A result and where it came from.
#[derive(Clone)]
pub struct Cached {
    /// The result, shared with the cache.
    pub value: Shared,
    /// Where it came from.
    pub provenance: Provenance,
}

impl Cached {
    /// The result, if it is a `T`.
    #[must_use]
    pub fn get<T: Clone + DeserializeOwned + 'static>(&self) -> Option<T> {
        match self.value.downcast_ref::<StoredJson>() {
            Some(StoredJson(json)) => serde_json::from_str(json).ok(),
            None => self.value.downcast_ref::<T>().cloned(),
        }
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("provenance", &self.provenance)
            .finish_non_exhaustive()
    }
}

/// How often a cache was of use since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct CacheStats {
    /// Calls that found a fresh result.
    pub hits: u64,
    /// Calls that found none, and computed if they could.
    pub misses: u64,
    /// Calls that waited for the computation of another one and shared its result.
    pub coalesced: u64,
}
