//! A call under its policies, in their one order:
//! cache, deadline, retries around breaker, concurrency, rate limit and timeout, and then the fallback chain.
//!
//! Futures are handed on pinned where they are: handed on by value, each of the policies would double their size.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use orch_core::error::{ErrorKind, NodeError, Place};
use orch_core::outcome::Outcome;
use orch_core::plan::NodeKind;
#[cfg(feature = "cache")]
use orch_core::policy::Fallback;
use orch_core::policy::Retry;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::attempts::{self, Next, Trail};
use super::frame::Frame;
use super::journaled::keep_referred;
use super::layout::Tier;
use super::strand::{Called, node_error, panic_message};
use super::under_way::{Calling, Doing};
use super::undo::{Doubtful, Undo};
use super::wait;
use crate::ctx::{Cx, Mode};
use crate::observe::{AttemptWatch, Queued};
use crate::origin::Origin;
#[cfg(feature = "cache")]
use crate::policy::cache::{Cache, Cached};
use crate::policy::retry::Attempts;
use crate::policy::timeout::within;
use crate::program::{Done, Started, Thrown};
use crate::step::{Computed, Facts, Shared};
use crate::store::{EntryKind, Millis};

/// Says of a plain call's error where it happened.
pub(crate) fn named(frame: &Frame, node: usize, result: Result<Done, Thrown>) -> Called {
    match result {
        Ok(_) => Ok(()),
        Err(thrown) => {
            let place = frame
                .run()
                .place(frame, node, frame.layout.nodes[node].step());
            Err(failure(place, 1, thrown))
        }
    }
}

/// What an attempt threw, with where that was.
#[expect(
    clippy::boxed_local,
    reason = "attempts throw a box, so that their result is small"
)]
fn failure(place: Place, attempt: u32, thrown: Thrown) -> NodeError {
    let message = thrown.cause.to_string();
    NodeError::kept(thrown.kind, place, attempt, message, Some(thrown.cause))
}

/// What one failed attempt, one failed tier or a failed call says.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: NodeError,
    retry: Retry,
    /// Whether the next tier of a fallback chain may be called.
    falls_back: bool,
    /// Whether it says that what is called is not well.
    counts: bool,
    /// Whether nobody knows if what was to be done was done.
    pub(crate) leaves_in_doubt: bool,
}

impl Failed {
    fn new(error: NodeError) -> Self {
        Self {
            error,
            retry: Retry::Yes,
            falls_back: true,
            counts: true,
            leaves_in_doubt: false,
        }
    }

    fn doubtful(error: NodeError) -> Self {
        Self {
            leaves_in_doubt: true,
            ..Self::new(error)
        }
    }

    fn last(error: NodeError) -> Self {
        Self {
            retry: Retry::No,
            ..Self::new(error)
        }
    }
}

/// A node's call, with all that its options ask for.
pub(crate) async fn perform(
    frame: Arc<Frame>,
    node: usize,
    queued: Option<Box<Queued>>,
    calling: Option<&Calling<'_>>,
) -> Result<Done, Failed> {
    let observer = frame.run().observer.as_ref();
    let span =
        observer.map(|observer| observer.call_started(&frame, node, queued.map(|queued| *queued)));
    let call = Call {
        calling,
        ..Call::new(&frame, node)
    };
    let whole = pin!(call.node_kind());
    match span {
        Some(span) => whole.instrument(span).await,
        None => whole.await,
    }
}

/// Undoes a call, under the policies of its undo step.
pub(crate) async fn undo(undo: &Undo, calling: Option<&Calling<'_>>) -> Result<(), NodeError> {
    let call = Call {
        calling,
        tier: undo.tier,
        undoing: Some(&undo.outcome),
        ..Call::new(&undo.frame, undo.node)
    };
    let Some(tier) = call.callee().and_then(Tier::undoing) else {
        return Ok(());
    };
    let policies = tier.policies;
    match Box::pin(call.bounded(&tier, policies, &Facts::default())).await {
        Ok(_) => Ok(()),
        Err(failed) => Err(failed.error),
    }
}

/// A plain call that somebody watches: one attempt and nothing else, in a future that is small.
pub(crate) async fn watched(frame: Arc<Frame>, node: usize, queued: Option<Box<Queued>>) -> Called {
    let Some(observer) = &frame.run().observer else {
        let performed = Box::pin(perform(Arc::clone(&frame), node, queued, None));
        return performed.await.map(|_| ()).map_err(|failed| failed.error);
    };
    let span = observer.call_started(&frame, node, queued.map(|queued| *queued));
    let call = Call::new(&frame, node);
    let attempt = pin!(async {
        let watch = AttemptWatch::new(&frame, node, 0, 1);
        let attempted = pin!(call.caught(Mode::Run, 1));
        watch.inside(attempted).await
    });
    let failed = match attempt.instrument(span).await {
        Ok(_) => return Ok(()),
        Err(failed) => failed,
    };
    observer.attempt_failed(&frame, node, 0, &failed.error, None);
    Err(failed.error)
}

/// A turn of a repeated step as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptTurn {
    /// When it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Millis>,
    /// The state that it begins with.
    state: Option<Box<RawValue>>,
}

#[derive(Clone, Copy)]
struct Call<'a> {
    frame: &'a Arc<Frame>,
    node: usize,
    tier: usize,
    turn: u32,
    /// The outcome of the call that this one undoes.
    undoing: Option<&'a Outcome<String>>,
    /// Where it is said what the call waits for, of a durable run.
    calling: Option<&'a Calling<'a>>,
}

impl<'a> Call<'a> {
    fn new(frame: &'a Arc<Frame>, node: usize) -> Self {
        Self {
            frame,
            node,
            tier: 0,
            turn: 0,
            undoing: None,
            calling: None,
        }
    }

    fn does(self, doing: Doing) {
        if let Some(calling) = self.calling {
            calling.does(doing);
        }
    }

    /// Waits until the turn that begins then.
    async fn turn_due(self, due: Millis) {
        self.does(Doing::OnPurpose);
        wait::turn_due(self.frame.run(), due).await;
        self.does(Doing::Beginning);
    }

    /// What is called.
    fn callee(self) -> Option<&'static Tier> {
        self.frame.layout.nodes[self.node].tiers.get(self.tier)
    }

    async fn node_kind(self) -> Result<Done, Failed> {
        let layout = &self.frame.layout.nodes[self.node];
        match layout.spec.kind {
            NodeKind::Repeat { max, every, .. } if self.frame.run().journal.is_some() => {
                Box::pin(self.repeat_recorded(max, every)).await
            }
            NodeKind::Repeat { max, every, .. } => self.repeat(max, every).await,
            NodeKind::Signal { .. } => {
                let waited = Box::pin(wait::signal(self.frame, self.node));
                waited.await.map(|()| Done::Value).map_err(Failed::last)
            }
            NodeKind::Sleep { .. } => {
                let waited = Box::pin(wait::sleep(self.frame, self.node));
                waited.await.map(|()| Done::Value).map_err(Failed::last)
            }
            _ => self.chain().await,
        }
    }

    /// Calls again and again until the step breaks.
    async fn repeat(self, max: u32, every: Option<Duration>) -> Result<Done, Failed> {
        let mut due = Instant::now();
        for turn in 0..max {
            let turned = Self { turn, ..self };
            let done = turned.chain().await?;
            if !done.wants_more() {
                return Ok(done);
            }
            if let Some(every) = every {
                due += every;
                tokio::time::sleep_until(due).await;
            }
        }
        Err(Failed::last(self.too_many_turns(max)))
    }

    /// The same, with each turn recorded, from the first one that was not.
    async fn repeat_recorded(self, max: u32, every: Option<Duration>) -> Result<Done, Failed> {
        let run = self.frame.run();
        let Some(record) = &run.journal else {
            return self.repeat(max, every).await;
        };
        let instance = record.instance(self.frame, self.node);
        let clock = &record.durability.clock;
        let every = every.map(|every| i64::try_from(every.as_millis()).unwrap_or(i64::MAX));
        let mut due = clock.now();
        let mut first = 0;
        if let Some((turn, kept)) = record
            .known(&instance)
            .and_then(|known| known.turn.as_ref())
        {
            match self.recall_turn(*turn, kept) {
                Ok(next) => (first, due) = (*turn, next.unwrap_or(due)),
                Err(error) => {
                    let reason = format!(
                        "what was recorded of `{instance}#{turn}` no longer fits its type: {error}"
                    );
                    record.park(reason).await;
                }
            }
            self.turn_due(due).await;
        }
        for turn in first..max {
            let turned = Self { turn, ..self };
            let done = turned.chain().await?;
            if !done.wants_more() {
                return Ok(done);
            }
            due = every.map_or(due, |every| due.saturating_add(every));
            let (state, refers) = done.into_recorded();
            let kept = keep_referred(record, self.frame, self.node, refers).await;
            kept.map_err(Failed::last)?;
            let kept = KeptTurn {
                due: every.map(|_| due),
                state: state.and_then(|json| RawValue::from_string(json).ok()),
            };
            let next = format!("{instance}#{}", turn + 1);
            let kept = serde_json::to_string(&kept).ok();
            record
                .add(record.entry(self.frame, next, EntryKind::Turn, kept))
                .await;
            if every.is_some() {
                self.turn_due(due).await;
            }
        }
        Err(Failed::last(self.too_many_turns(max)))
    }

    /// Places the state that a turn begins with; gives when it is due.
    fn recall_turn(self, turn: u32, kept: &str) -> Result<Option<Millis>, serde_json::Error> {
        let kept: KeptTurn = serde_json::from_str(kept)?;
        if let Some(state) = kept.state {
            wait::restored(self.frame, self.node, turn, state.get())?;
        }
        Ok(kept.due)
    }

    fn too_many_turns(self, max: u32) -> NodeError {
        let message = format!("it did not break within {max} turns");
        node_error(self.frame, self.node, ErrorKind::TooManyTurns, 0, message)
    }

    /// Calls tier after tier until one gives a value.
    async fn chain(self) -> Result<Done, Failed> {
        let tiers = &self.frame.layout.nodes[self.node].tiers;
        if self.turn > 0 {
            let mut state = self.frame.state();
            state.origins.retain(|(node, _)| *node != self.node);
        }
        let first = attempts::first_tier(self.frame, self.node, self.turn);
        let mut doubt = None;
        for tier in first..tiers.len() {
            let call = Self { tier, ..self };
            let fell_back = (tier > first).then(|| doubt.take());
            let called = match tiers[tier].undo() {
                None => {
                    if let Some(doubt) = fell_back {
                        // What is called next is kept after it.
                        drop(attempts::fall_back(self.frame, self.node, tier, doubt));
                    }
                    call.cached(&tiers[tier]).await
                }
                Some(_) => Box::pin(call.to_be_undone(&tiers[tier], fell_back)).await,
            };
            let failed = match called {
                Ok(done) => {
                    if tier > 0 {
                        let step = tiers[tier].step();
                        self.came_from(Origin::Fallback { tier, step });
                    }
                    return Ok(done);
                }
                Err(failed) => failed,
            };
            if tier + 1 == tiers.len() || !failed.falls_back {
                return Err(failed);
            }
            if let Some(observer) = &self.frame.run().observer {
                observer.fell_back(self.frame, self.node, tier + 1);
            }
            let undone = failed.leaves_in_doubt && tiers[tier].undo().is_some();
            doubt = undone.then_some(failed.error);
        }
        Ok(Done::Value)
    }

    /// A call that another step undoes should the run not succeed; of a fallback, with what the tier before it failed
    /// with, if that may have done what it was to do.
    async fn to_be_undone(
        self,
        tier: &Tier,
        fell_back: Option<Option<NodeError>>,
    ) -> Result<Done, Failed> {
        let (run, frame, node) = (self.frame.run(), self.frame, self.node);
        let order = || match &run.journal {
            Some(record) => record.next_seq(),
            None => run.undo_count(),
        };
        let mut doubtful = Doubtful::new(frame, node, self.tier);
        let next = attempts::next(frame, node, self.tier, self.turn);
        if !next.may_have_happened {
            // Until it is recorded that it is about to be called, it is not.
            doubtful.is_over();
        }
        match fell_back {
            Some(doubt) => attempts::fall_back(frame, node, self.tier, doubt).await,
            None => attempts::begin(frame, node, self.tier, &next).await,
        }
        doubtful.is_over();
        doubtful = Doubtful::new(frame, node, self.tier);
        let called = self.cached(tier).await;
        let doubt = doubtful.is_over();
        match &called {
            Ok(Done::Kept(kept)) => {
                if let Some(json) = &kept.json {
                    let undo = Undo::done(frame, node, self.tier, order(), json.clone());
                    run.to_undo(undo);
                }
            }
            Ok(_) => {}
            Err(failed) if failed.leaves_in_doubt => {
                if let Some(undo) = doubt {
                    run.to_undo(undo.at(order()).failed(failed.error.clone()));
                }
            }
            Err(_) => {}
        }
        called
    }

    fn came_from(self, origin: Origin) {
        self.frame.state().origins.push((self.node, origin));
    }

    /// Reads the cache, or calls and fills it.
    async fn cached(self, tier: &Tier) -> Result<Done, Failed> {
        let policies = self.frame.run().services.policies(tier);
        let facts = if tier.reads_arguments() {
            self.facts().await?
        } else {
            Facts::default()
        };
        #[cfg(feature = "cache")]
        if let (Some(policy), Some(cache)) = (policies.cache, self.frame.run().services.cache()) {
            return self
                .through_cache(tier, policy, policies, &facts, cache)
                .await;
        }
        self.bounded(tier, policies, &facts).await
    }

    #[cfg(feature = "cache")]
    async fn through_cache(
        self,
        tier: &Tier,
        policy: orch_core::policy::CachePolicy,
        policies: orch_core::policy::Policies,
        facts: &Facts,
        cache: &Cache,
    ) -> Result<Done, Failed> {
        let Some(own) = &facts.cache_key else {
            let message =
                "its cache key could not be computed: an argument does not serialize to JSON";
            let error = self.error(ErrorKind::CacheKey, 0, message.to_owned());
            return Err(Failed::last(error));
        };
        // By its function, as two steps may have one name.
        let key = format!("{}@{}:{own}", tier.owner().path, tier.version());
        let calls = || self.found_or_computed(&key, tier, policy, policies, facts, cache);
        let cached = match calls().await {
            Ok((_, Some(done))) => return Ok(done),
            Ok((cached, None)) => cached,
            Err(failed) => return self.degraded(tier, policies, &key, cache, failed).await,
        };
        match self.restored(tier, &cached).await? {
            Done::Facts(_) => {
                // It was kept when the step gave values of another type.
                cache.invalidate(&key).await;
                match calls().await? {
                    (_, Some(done)) => Ok(done),
                    (_, None) => self.bounded(tier, policies, facts).await,
                }
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
    #[cfg(feature = "cache")]
    async fn degraded(
        self,
        tier: &Tier,
        policies: orch_core::policy::Policies,
        key: &str,
        cache: &Cache,
        failed: Failed,
    ) -> Result<Done, Failed> {
        let Some(Fallback::Stale { max_age }) = policies.fallback else {
            return Err(failed);
        };
        let Some(cached) = cache.last_good(key, max_age).await else {
            return Err(failed);
        };
        match self.restored(tier, &cached).await {
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

    /// What the cache has, or what this call has computed for it.
    #[cfg(feature = "cache")]
    async fn found_or_computed(
        self,
        key: &str,
        tier: &Tier,
        policy: orch_core::policy::CachePolicy,
        policies: orch_core::policy::Policies,
        facts: &Facts,
        cache: &Cache,
    ) -> Result<(Cached, Option<Done>), Failed> {
        let run = self.frame.run().id().as_str();
        let stale_for = match policies.fallback {
            Some(Fallback::Stale { max_age }) => Some(max_age),
            _ => None,
        };
        let mut computed = None;
        let cached = {
            let compute = pin!(async {
                let done = self.bounded(tier, policies, facts).await?;
                // A cached step always shares its value; without one there is nothing to keep.
                let (done, copy) = done.copied();
                computed = Some(done);
                let copy = copy.unwrap_or_else(|| Computed::from(Arc::new(()) as Shared));
                Ok(Computed { stale_for, ..copy })
            });
            self.does(Doing::Cached);
            cache.get_or_compute(key, policy, run, compute).await
        };
        if let Some(observer) = &self.frame.run().observer {
            let hit = cached.as_ref().is_ok_and(|cached| cached.provenance.hit);
            observer.cache_read(self.frame, self.node, self.tier, hit);
        }
        let cached = cached?;
        let hit = cached.provenance.hit;
        Ok((cached, (!hit).then(|| computed.unwrap_or(Done::Value))))
    }

    /// Places a value of the cache, unless it is none of the step: then its facts come back.
    #[cfg(feature = "cache")]
    async fn restored(self, tier: &Tier, cached: &Cached) -> Result<Done, Failed> {
        let restored = self.once(Mode::Restore(Arc::clone(&cached.value)), 0).await;
        restored.map_err(|thrown| {
            let place = self.frame.run().place(self.frame, self.node, tier.step());
            Failed::last(failure(place, 0, thrown))
        })
    }

    /// Asks the step for its keys.
    async fn facts(self) -> Result<Facts, Failed> {
        match self.caught(Mode::Facts, 0).await? {
            Done::Facts(facts) => Ok(*facts),
            _ => Ok(Facts::default()),
        }
    }

    async fn bounded(
        self,
        tier: &Tier,
        policies: orch_core::policy::Policies,
        facts: &Facts,
    ) -> Result<Done, Failed> {
        let tried = pin!(self.retried(tier, policies, facts));
        let Some(limit) = policies.deadline else {
            return tried.await;
        };
        within(Some(limit), tried).await.unwrap_or_else(|_| {
            let message = format!("its attempts took longer than its deadline of {limit:?}");
            let error = self.error(ErrorKind::DeadlineExceeded, 0, message);
            Err(Failed {
                leaves_in_doubt: true,
                ..Failed::last(error)
            })
        })
    }

    async fn retried(
        self,
        tier: &Tier,
        policies: orch_core::policy::Policies,
        facts: &Facts,
    ) -> Result<Done, Failed> {
        let attempts = Attempts::of(&policies);
        // What undoes a call is tried anew by each process.
        let next = match self.undoing {
            None => attempts::next(self.frame, self.node, self.tier, self.turn),
            Some(_) => Next::FIRST,
        };
        let trail = match self.undoing {
            None if attempts.retries > 0 => {
                Trail::of(self.frame, self.node, (self.tier, tier), &next)
            }
            _ => None,
        };
        if let Some(trail) = &trail {
            trail.wait_for(&next).await;
        }
        let mut random = None;
        let mut attempt = next.attempt;
        let mut before: Option<Failed> = None;
        loop {
            let admitted = self.admitted(tier, policies, facts, (attempt, trail.as_ref()));
            let mut failed = match admitted.await {
                Ok(done) => return Ok(done),
                Err(failed) => failed,
            };
            let earlier = before.as_ref().map(|before| before.leaves_in_doubt);
            failed.leaves_in_doubt |= earlier.unwrap_or(next.may_have_happened);
            if failed.error.kind() == ErrorKind::BreakerOpen
                && let Some(before) = before
            {
                // The breaker opened under these attempts: what they failed with says more.
                return Err(before);
            }
            let wait = attempts.next(
                attempt,
                failed.retry,
                random.get_or_insert_with(|| self.frame.run().services.random()),
            );
            if let Some(observer) = &self.frame.run().observer {
                observer.attempt_failed(self.frame, self.node, self.tier, &failed.error, wait);
            }
            let Some(wait) = wait else {
                return Err(failed);
            };
            attempt += 1;
            self.does(Doing::Backoff(attempt));
            match &trail {
                Some(trail) => trail.wait(attempt, wait).await,
                None => tokio::time::sleep(wait).await,
            }
            before = Some(failed);
        }
    }

    /// One attempt behind breaker, concurrency limits and rate limit, which it holds no longer than it takes.
    async fn admitted(
        self,
        tier: &Tier,
        policies: orch_core::policy::Policies,
        facts: &Facts,
        (attempt, trail): (u32, Option<&Trail<'_>>),
    ) -> Result<Done, Failed> {
        let run = self.frame.run();
        let registry = run.services.registry();
        let breaker = policies
            .breaker
            .map(|policy| registry.breaker(tier.owner(), policy));
        let breaker = match breaker.transpose() {
            Ok(breaker) => breaker,
            Err(conflict) => return Err(self.conflict(&conflict)),
        };
        let permit = match breaker
            .as_ref()
            .map(|breaker| breaker.acquire())
            .transpose()
        {
            Ok(permit) => permit,
            Err(open) => {
                // An open breaker fails at once, so that a fallback is called at once.
                let error = self.error(ErrorKind::BreakerOpen, attempt, open.to_string());
                return Err(Failed::last(error));
            }
        };
        let limiter = policies
            .concurrency
            .map(|policy| registry.limiter(tier.owner(), policy));
        let limiter = limiter
            .transpose()
            .map_err(|conflict| self.conflict(&conflict))?;
        self.does(Doing::Concurrency);
        let _slot = match &limiter {
            Some(limiter) => Some(limiter.acquire().await),
            None => None,
        };
        // A run's own limit is never closed, so that waiting for it cannot fail.
        let _run_slot = match &run.slots {
            Some(slots) => slots.acquire().await.ok(),
            None => None,
        };
        #[cfg(feature = "rate-limit")]
        self.rated(tier, policies, facts, attempt).await?;
        #[cfg(not(feature = "rate-limit"))]
        let _ = facts;
        self.does(Doing::Attempt(attempt));
        let watch = AttemptWatch::new(self.frame, self.node, self.tier, attempt);
        let mode = match self.undoing {
            Some(outcome) => Mode::Undo(outcome.clone()),
            None => Mode::Run,
        };
        let attempted = pin!(self.caught(mode, attempt));
        let attempted = pin!(within(policies.timeout, attempted));
        let attempted = pin!(attempts::noted(trail, attempt, attempted));
        let attempted = watch.inside(attempted).await;
        let result = attempted.unwrap_or_else(|elapsed| {
            let message = format!("it took longer than its timeout of {:?}", elapsed.limit);
            Err(Failed::doubtful(self.error(
                ErrorKind::TimedOut,
                attempt,
                message,
            )))
        });
        match (permit, &result) {
            (Some(permit), Err(failed)) if failed.counts => permit.failure(),
            (Some(permit), _) => permit.success(),
            (None, _) => {}
        }
        result
    }

    #[cfg(feature = "rate-limit")]
    async fn rated(
        self,
        tier: &Tier,
        policies: orch_core::policy::Policies,
        facts: &Facts,
        attempt: u32,
    ) -> Result<(), Failed> {
        let Some(policy) = policies.rate_limit else {
            return Ok(());
        };
        let services = &self.frame.run().services;
        let limiter = services
            .registry()
            .rate_limiter(tier.owner(), policy)
            .map_err(|conflict| self.conflict(&conflict))?;
        let weight = facts.weight.unwrap_or(1);
        self.does(Doing::Rate);
        match limiter.acquire(facts.rate_key.as_deref(), weight).await {
            Ok(waited) => {
                if let Some(observer) = &self.frame.run().observer {
                    observer.rate_limited(self.frame, self.node, self.tier, waited);
                }
                Ok(())
            }
            Err(impossible) => {
                let error = self.error(
                    ErrorKind::RateLimitImpossible,
                    attempt,
                    impossible.to_string(),
                );
                Err(Failed::last(error))
            }
        }
    }

    fn conflict(self, conflict: &crate::policy::Conflict) -> Failed {
        Failed::last(self.error(ErrorKind::Failed, 0, conflict.to_string()))
    }

    /// One attempt, whose panic is a failure.
    async fn caught(self, mode: Mode, attempt: u32) -> Result<Done, Failed> {
        let once = AssertUnwindSafe(pin!(self.once(mode, attempt)));
        match crate::panics::catch(once).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(thrown)) => {
                let tier = &self.frame.layout.nodes[self.node].tiers[self.tier];
                let place = self.frame.run().place(self.frame, self.node, tier.step());
                Err(Failed {
                    retry: thrown.retry,
                    falls_back: thrown.falls_back,
                    counts: thrown.retry != Retry::No,
                    // What is tried again may have happened all the same: its answer may be lost.
                    leaves_in_doubt: thrown.retry != Retry::No && tier.policies.retries.is_some(),
                    ..Failed::new(failure(place, attempt, thrown))
                })
            }
            Err(panic) => {
                let error = self.error(ErrorKind::Panicked, attempt, panic_message(&*panic));
                Err(Failed::doubtful(error))
            }
        }
    }

    async fn once(self, mode: Mode, attempt: u32) -> Result<Done, Thrown> {
        let Some(code) = self.frame.layout.code.nodes[self.node].call() else {
            return Ok(Done::Value);
        };
        #[cfg(feature = "testing")]
        if let (Mode::Run, Some(faults)) = (&mode, &self.frame.run().services.faults) {
            let path = &self.frame.layout.nodes[self.node].path;
            let items = self.frame.items();
            let call = format!("{path} {items:?} {} {}", self.turn, self.tier);
            Box::pin(faults.strike(path, &call, attempt)).await?;
        }
        let cx = Cx::attempt(self.frame, self.node, mode, attempt, self.tier, self.turn);
        match code(cx) {
            Started::Ended(result) => result,
            Started::Pending(attempt) => attempt.await,
        }
    }

    fn error(self, kind: ErrorKind, attempt: u32, message: String) -> NodeError {
        let tier = &self.frame.layout.nodes[self.node].tiers[self.tier];
        let place = self.frame.run().place(self.frame, self.node, tier.step());
        NodeError::new(kind, place, attempt, message)
    }
}
