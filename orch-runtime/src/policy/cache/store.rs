//! Where results are kept that outlive their process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use orch_core::provenance::Provenance;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::runtime::Handle;

use super::{Cached, StoredJson, ToBeKept};
use crate::durability::Clock;
use crate::durable::millis;
use crate::observe::tracing;
use crate::store::{Change, Millis, Store, StoreError, StoreErrorKind};

/// Where the cache keeps results as JSON, so that they outlive their process.
///
/// It keeps what it is given and decides nothing: what is fresh, who computes and who waits is the cache's affair.
/// Calls block; the cache makes them on threads that may.
/// Whatever implements it should pass the checks of `conformance`, which the feature `testing` adds.
pub trait CacheStore: fmt::Debug + Send + Sync + 'static {
    /// The result kept under a key, unless nobody is to have it any more by `now`.
    ///
    /// # Errors
    /// If the store cannot be read; the result is then computed.
    fn get(&self, key: &str, now: Millis) -> Result<Option<StoredResult>, StoreError>;

    /// Keeps a result under a key, in the place of any other.
    ///
    /// # Errors
    /// If the store cannot be written; the result is then not kept.
    fn put(&self, key: &str, result: &StoredResult) -> Result<(), StoreError>;

    /// Forgets the result kept under a key; gives what it was.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    fn remove(&self, key: &str, now: Millis) -> Result<Option<StoredResult>, StoreError>;

    /// Forgets all results with this tag, or all there are; gives what they were.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    fn remove_all(&self, tag: Option<&str>, now: Millis) -> Result<Vec<StoredResult>, StoreError>;
}

/// A result as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredResult {
    /// The result.
    pub value: Box<RawValue>,
    /// When it was computed.
    pub computed_at: Millis,
    /// Until when it is fresh; `None` never expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_until: Option<Millis>,
    /// Until when it is kept: a result that is no longer fresh may still be better than none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<Millis>,
    /// Names under which it can be invalidated together with others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The id of the run that computed it.
    pub origin: String,
}

impl StoredResult {
    /// How old it is; `None` if it seems to come from the future, as the clock was set back: nobody knows how old.
    pub(super) fn age(&self, now: Millis) -> Option<Duration> {
        let age = u64::try_from(now.checked_sub(self.computed_at)?).ok()?;
        Some(Duration::from_millis(age))
    }

    /// Whether it is fresh by its own time to live and by this one.
    pub(super) fn is_fresh(&self, ttl: Option<Duration>, now: Millis) -> bool {
        let Some(age) = self.age(now) else {
            return false;
        };
        self.fresh_until.is_none_or(|until| now < until) && ttl.is_none_or(|ttl| age < ttl)
    }

    /// As what a caller receives who did not compute it.
    pub(super) fn cached(&self, key: &str, age: Duration) -> Cached {
        Cached {
            value: Arc::new(StoredJson(self.value.get().to_owned())),
            provenance: Provenance::cached(key, &self.origin, age),
        }
    }
}

/// The space of results in an orchestrator's store.
const SPACE: &str = "cache";

/// Results in the store of an orchestrator, beside its runs.
#[derive(Debug)]
pub(crate) struct BesideRuns(pub(crate) Arc<dyn Store>);

impl BesideRuns {
    fn change(&self, change: Change) -> Result<(), StoreError> {
        let answers = self.0.commit(&[change])?;
        match answers.into_iter().next() {
            Some(Err(refused)) => Err(StoreError::new(StoreErrorKind::Io, refused.to_string())),
            _ => Ok(()),
        }
    }

    fn forget(&self, key: String) -> Result<(), StoreError> {
        self.change(Change::Remove { space: SPACE, key })
    }
}

/// What is kept of a result; one that this version cannot read is none.
fn read(json: &str) -> Option<StoredResult> {
    serde_json::from_str(json).ok()
}

impl CacheStore for BesideRuns {
    fn get(&self, key: &str, now: Millis) -> Result<Option<StoredResult>, StoreError> {
        let kept = self.0.get(SPACE, key, now)?;
        Ok(kept.as_deref().and_then(read))
    }

    fn put(&self, key: &str, result: &StoredResult) -> Result<(), StoreError> {
        let value = serde_json::to_string(result).map_err(|error| {
            StoreError::new(StoreErrorKind::Io, "a result does not serialize").because(error)
        })?;
        self.change(Change::Put {
            space: SPACE,
            key: key.to_owned(),
            value,
            expires_at: result.kept_until,
        })
    }

    fn remove(&self, key: &str, now: Millis) -> Result<Option<StoredResult>, StoreError> {
        let kept = self.get(key, now)?;
        self.forget(key.to_owned())?;
        Ok(kept)
    }

    fn remove_all(&self, tag: Option<&str>, now: Millis) -> Result<Vec<StoredResult>, StoreError> {
        let mut removed = Vec::new();
        for (key, json) in self.0.scan(SPACE, now)? {
            let kept = read(&json);
            let is_meant = |kept: &StoredResult, tag: &str| kept.tags.iter().any(|own| own == tag);
            if tag.is_none_or(|tag| kept.as_ref().is_some_and(|kept| is_meant(kept, tag))) {
                self.forget(key)?;
                removed.extend(kept);
            }
        }
        Ok(removed)
    }
}

/// A store of results, with the time by which it goes.
#[derive(Debug, Clone)]
pub(crate) struct Behind {
    store: Arc<dyn CacheStore>,
    clock: Clock,
    /// Whether the store is asked where that is wanted, by no other thread.
    direct: bool,
}

impl Behind {
    pub(crate) fn new(store: Arc<dyn CacheStore>, clock: Clock, direct: bool) -> Self {
        Self {
            store,
            clock,
            direct,
        }
    }

    fn now(&self) -> Millis {
        self.clock.now()
    }

    /// The fresh result of this key.
    pub(super) async fn fresh(&self, key: &str, ttl: Option<Duration>) -> Option<Cached> {
        let kept = self.get(key).await?;
        let now = self.now();
        let age = kept.age(now)?;
        kept.is_fresh(ttl, now).then(|| kept.cached(key, age))
    }

    /// The result of this key, fresh or not, if it is no older than this.
    pub(super) async fn last_good(&self, key: &str, max_age: Duration) -> Option<Cached> {
        let kept = self.get(key).await?;
        let age = kept.age(self.now())?;
        (age <= max_age).then(|| kept.cached(key, age))
    }

    async fn get(&self, key: &str) -> Option<StoredResult> {
        let key = key.to_owned();
        self.ask(move |store, now| store.get(&key, now)).await?
    }

    /// Keeps a result, unless it no longer holds, as it was invalidated while it was computed.
    pub(super) async fn keep(
        &self,
        key: &str,
        kept: ToBeKept<'_>,
        holds: impl FnOnce() -> bool + Send + 'static,
    ) {
        let (key, result) = (key.to_owned(), self.result(kept));
        let put = move |store: &dyn CacheStore, now| {
            store.put(&key, &result)?;
            // Whoever invalidates says so first and removes then: either this is seen here, or that comes after this.
            if !holds() {
                store.remove(&key, now)?;
            }
            Ok(())
        };
        // What could not be kept is computed again.
        let _ = self.ask(put).await;
    }

    /// Forgets the result of this key; whether there was a fresh one.
    pub(super) async fn forget(&self, key: &str) -> bool {
        let key = key.to_owned();
        let removed = self.ask(move |store, now| store.remove(&key, now)).await;
        let removed = removed.flatten();
        removed.is_some_and(|result| result.is_fresh(None, self.now()))
    }

    /// Forgets all results with this tag, or all there are; how many of them were fresh.
    pub(super) async fn forget_all(&self, tag: Option<&str>) -> usize {
        let tag = tag.map(str::to_owned);
        let remove = move |store: &dyn CacheStore, now| store.remove_all(tag.as_deref(), now);
        let removed = self.ask(remove).await.unwrap_or_default();
        let now = self.now();
        let fresh = |result: &&StoredResult| result.is_fresh(None, now);
        removed.iter().filter(fresh).count()
    }

    /// A result as it is kept from now on.
    fn result(&self, kept: ToBeKept<'_>) -> StoredResult {
        let ToBeKept {
            value,
            policy,
            stale_for,
            origin,
        } = kept;
        let now = self.now();
        let after = |span| now.saturating_add(millis(span));
        let fresh_until = policy.ttl.map(after);
        StoredResult {
            value,
            computed_at: now,
            fresh_until,
            kept_until: fresh_until.max(stale_for.map(after).filter(|_| policy.ttl.is_some())),
            tags: policy.tags.iter().map(|&tag| tag.to_owned()).collect(),
            origin: origin.to_owned(),
        }
    }

    /// Asks the store something. A cache that fails is as good as one that is empty: the failure is logged.
    async fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&dyn CacheStore, Millis) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let now = self.now();
        let answer = match Handle::try_current() {
            Ok(runtime) if !self.direct => {
                let store = Arc::clone(&self.store);
                let asked = runtime.spawn_blocking(move || what(&*store, now));
                asked.await.unwrap_or_else(|error| {
                    let what = "the runtime ended, or a store panicked, while it was asked";
                    Err(StoreError::new(StoreErrorKind::Io, what).because(error))
                })
            }
            _ => what(&*self.store, now),
        };
        answer
            .inspect_err(|error| {
                tracing::warn!(target: "orch", event = "cache_failed", code = error.code(), %error);
            })
            .ok()
    }
}
