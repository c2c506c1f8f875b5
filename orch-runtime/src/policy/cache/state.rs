use std::sync::Arc;
use std::time::Duration;

use orch_core::provenance::Provenance;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, UnitWeighter};
use tokio::time::Instant;

use super::Cached;
use crate::step::Shared;

/// A result, with what decides how long it counts.
pub(super) struct Entry {
    pub(super) value: Shared,
    computed_at: Instant,
    ttl: Option<Duration>,
    tags: Box<[Box<str>]>,
    origin: Box<str>,
}

impl Entry {
    pub(super) fn new(value: Shared, ttl: Option<Duration>, tags: &[&str], origin: &str) -> Self {
        Self {
            value,
            computed_at: Instant::now(),
            ttl,
            tags: tags.iter().map(|&tag| tag.into()).collect(),
            origin: origin.into(),
        }
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| **own == *tag)
    }

    /// As what a caller receives who did not compute it.
    pub(super) fn cached(&self, key: &str) -> Cached {
        Cached {
            value: Arc::clone(&self.value),
            provenance: Provenance::cached(key, &self.origin, self.computed_at.elapsed()),
        }
    }

    pub(super) fn age(&self) -> Duration {
        self.computed_at.elapsed()
    }

    pub(super) fn is_fresh(&self, ttl: Option<Duration>) -> bool {
        let age = self.age();
        [self.ttl, ttl].into_iter().flatten().all(|ttl| age < ttl)
    }
}

/// The bounded store of entries.
pub(super) struct Shelf(Cache<Box<str>, Arc<Entry>>);

impl Shelf {
    pub(super) fn new(capacity: u64) -> Self {
        let items = usize::try_from(capacity).unwrap_or(usize::MAX);
        // In one piece: in several, one would be full and forget before all are.
        let mut options = OptionsBuilder::new();
        options.shards(1).estimated_items_capacity(items);
        let cache = match options.weight_capacity(capacity).build() {
            Ok(options) => Cache::with_options(
                options,
                UnitWeighter,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            Err(_) => Cache::new(items),
        };
        Self(cache)
    }

    /// The entry of this key, fresh or not.
    pub(super) fn any(&self, key: &str) -> Option<Arc<Entry>> {
        self.0.get(key)
    }

    /// The entry of this key, if it is fresh by its own time to live and by this one.
    pub(super) fn fresh(&self, key: &str, ttl: Option<Duration>) -> Option<Arc<Entry>> {
        self.0.get(key).filter(|entry| entry.is_fresh(ttl))
    }

    pub(super) fn insert(&self, key: &str, entry: Arc<Entry>) {
        self.0.insert(key.into(), entry);
    }

    pub(super) fn remove(&self, key: &str) -> Option<Arc<Entry>> {
        self.0.remove(key).map(|(_, entry)| entry)
    }

    /// Takes out the entries that match.
    pub(super) fn remove_if(&self, matches: impl Fn(&Entry) -> bool) -> Vec<Arc<Entry>> {
        self.0
            .iter()
            .filter(|(_, entry)| matches(entry))
            .filter_map(|(key, _)| self.remove(&key))
            .collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
