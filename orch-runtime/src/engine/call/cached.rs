//! A call behind the cache, and the last good value in place of a failure.

use std::pin::pin;
use std::sync::Arc;

use orch_core::error::ErrorKind;
use orch_core::policy::{CachePolicy, Fallback};

use super::{Call, Failed, Terms, failure};
use crate::ctx::Mode;
use crate::engine::layout::Tier;
use crate::engine::under_way::Doing;
use crate::origin::Origin;
use crate::policy::cache::{Cache, Cached};
use crate::program::Done;
use crate::step::{Computed, Shared};

impl Call<'_> {
    /// What the cache has, or what is called and fills it.
    pub(super) async fn through_cache(
        &self,
        terms: &Terms<'_>,
        policy: CachePolicy,
        cache: &Cache,
    ) -> Result<Done, Failed> {
        let Some(own) = &terms.facts.cache_key else {
            let message =
                "its cache key could not be computed: an argument does not serialize to JSON";
            let error = self.error(ErrorKind::CacheKey, 0, message.to_owned());
            return Err(Failed::last(error));
        };
        // By its function, as two steps may have one name.
        let (path, version) = (terms.tier.owner().path, terms.tier.version());
        let key = [path, "@", version, ":", own].concat();
        let calls = || self.found_or_computed(&key, terms, policy, cache);
        // A call that finds a result in memory has room for nothing else.
        let cached = match self.found(&key, policy, cache) {
            Some(cached) => cached,
            None => match Box::pin(calls()).await {
                Ok((_, Some(done))) => return Ok(done),
                Ok((cached, None)) => cached,
                Err(failed) => {
                    return Box::pin(self.degraded(terms, &key, cache, failed)).await;
                }
            },
        };
        match self.restored(terms.tier, &cached).await? {
            Done::Facts(_) => {
                let anew = async {
                    // It was kept when the step gave values of another type.
                    cache.invalidate(&key).await;
                    match calls().await? {
                        (_, Some(done)) => Ok(done),
                        (_, None) => self.bounded(terms).await,
                    }
                };
                Box::pin(anew).await
            }
            done => {
                let came = cached.provenance;
                self.came_from(Origin::Cache {
                    key: came.key,
                    age: came.age,
                    run: came.origin,
                    coalesced: came.coalesced,
                });
                Ok(done)
            }
        }
    }

    /// The last good value in place of a failure for good, where the step says so and there is one.
    async fn degraded(
        &self,
        terms: &Terms<'_>,
        key: &str,
        cache: &Cache,
        failed: Failed,
    ) -> Result<Done, Failed> {
        let Some(Fallback::Stale { max_age }) = terms.policies.fallback else {
            return Err(failed);
        };
        let Some(cached) = cache.last_good(key, max_age).await else {
            return Err(failed);
        };
        match self.restored(terms.tier, &cached).await {
            Ok(Done::Facts(_)) | Err(_) => Err(failed),
            Ok(done) => {
                let came = cached.provenance;
                if let Some(observer) = &self.frame.run().observer {
                    let (frame, node) = (self.frame, self.node);
                    observer.degraded(frame, node, self.tier, came.age, &failed.error);
                }
                self.came_from(Origin::Stale {
                    key: came.key,
                    age: came.age,
                    run: came.origin,
                });
                Ok(done)
            }
        }
    }

    /// What the cache has in memory.
    fn found(&self, key: &str, policy: CachePolicy, cache: &Cache) -> Option<Cached> {
        self.does(Doing::Cached);
        let cached = cache.fresh_here(key, policy.ttl)?;
        self.cache_read(true);
        Some(cached)
    }

    fn cache_read(&self, hit: bool) {
        if let Some(observer) = &self.frame.run().observer {
            observer.cache_read(self.frame, self.node, self.tier, hit);
        }
    }

    /// What the cache has, or what this call has computed for it.
    async fn found_or_computed(
        &self,
        key: &str,
        terms: &Terms<'_>,
        policy: CachePolicy,
        cache: &Cache,
    ) -> Result<(Cached, Option<Done>), Failed> {
        let run = self.frame.run().id().as_str();
        let stale_for = match terms.policies.fallback {
            Some(Fallback::Stale { max_age }) => Some(max_age),
            _ => None,
        };
        let mut computed = None;
        let cached = {
            let compute = pin!(async {
                let done = self.bounded(terms).await?;
                // A cached step always shares its value; without one there is nothing to keep.
                let (done, copy) = done.copied();
                computed = Some(done);
                let copy = copy.unwrap_or_else(|| Computed::from(Arc::new(()) as Shared));
                Ok(Computed { stale_for, ..copy })
            });
            cache.get_or_compute(key, policy, run, compute).await
        };
        self.cache_read(cached.as_ref().is_ok_and(|cached| cached.provenance.hit));
        let cached = cached?;
        let hit = cached.provenance.hit;
        Ok((cached, (!hit).then(|| computed.unwrap_or(Done::Value))))
    }

    /// Places a value of the cache, unless it is none of the step: then its facts come back.
    async fn restored(&self, tier: &Tier, cached: &Cached) -> Result<Done, Failed> {
        let restored = self.once(Mode::Restore(Arc::clone(&cached.value)), 0).await;
        restored.map_err(|thrown| {
            let place = self.frame.run().place(self.frame, self.node, tier.step());
            Failed::last(failure(place, 0, thrown))
        })
    }
}
