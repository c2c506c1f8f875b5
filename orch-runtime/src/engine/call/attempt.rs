//! The attempts of a call: deadline, retries around breaker, concurrency, rate limit and timeout.
//!
//! What most calls never come to is boxed: the room for it would be made and copied for each call.

use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::time::Duration;

use orch_core::error::ErrorKind;
use orch_core::policy::Retry;

use super::{Call, Failed, Terms, failure};
use crate::ctx::{Cx, Mode};
use crate::durable::Millis;
use crate::engine::attempts::{self, Trail};
use crate::engine::strand::panic_message;
use crate::engine::under_way::Doing;
use crate::observe::AttemptWatch;
use crate::policy::Conflict;
use crate::policy::retry::Attempts;
use crate::policy::timeout::within;
use crate::program::{Done, Started, Thrown};
#[cfg(feature = "testing")]
use crate::testing::Faults;

/// The attempt that is to be made first.
#[derive(Debug)]
pub(in crate::engine) struct Next {
    /// Counted from 1.
    pub(in crate::engine) attempt: u32,
    /// Whether one before it, in a process that died, may have done what it was to do.
    pub(in crate::engine) may_have_happened: bool,
    /// Not before this.
    pub(in crate::engine) due: Option<Millis>,
}

impl Next {
    /// Whether it may have to be waited for.
    pub(in crate::engine) const fn is_due_at_a_time(&self) -> bool {
        self.due.is_some()
    }

    pub(in crate::engine) const FIRST: Self = Self {
        attempt: 1,
        may_have_happened: false,
        due: None,
    };
}

impl Call<'_> {
    pub(super) async fn bounded(&self, terms: &Terms<'_>) -> Result<Done, Failed> {
        let tried = pin!(self.retried(terms));
        let Some(limit) = terms.policies.deadline else {
            return tried.await;
        };
        let tried = Box::pin(within(Some(limit), tried)).await;
        tried.unwrap_or_else(|_| {
            let message = format!("its attempts took longer than its deadline of {limit:?}");
            let error = self.error(ErrorKind::DeadlineExceeded, 0, message);
            Err(Failed {
                leaves_in_doubt: true,
                ..Failed::last(error)
            })
        })
    }

    async fn retried(&self, terms: &Terms<'_>) -> Result<Done, Failed> {
        // What undoes a call is tried anew by each process.
        let next = match self.undoing {
            None => attempts::next(self.frame, self.node, self.tier, self.turn),
            Some(_) => Next::FIRST,
        };
        let trail = match self.undoing {
            None if terms.policies.retries.unwrap_or(0) > 0 => {
                Trail::of(self.frame, self.node, (self.tier, terms.tier), &next)
            }
            _ => None,
        };
        let trail = trail.as_deref();
        if let Some(trail) = trail
            && next.is_due_at_a_time()
        {
            Box::pin(trail.wait_for(&next)).await;
        }
        let admitted = self.admitted(terms, (next.attempt, trail));
        match admitted.await {
            Ok(done) => Ok(done),
            Err(mut failed) => {
                failed.leaves_in_doubt |= next.may_have_happened;
                let again = self.tried_again(terms, (next.attempt, trail), failed);
                Box::pin(again).await
            }
        }
    }

    /// What follows an attempt that failed: others, or its failure.
    async fn tried_again(
        &self,
        terms: &Terms<'_>,
        (mut attempt, trail): (u32, Option<&Trail<'_>>),
        mut failed: Failed,
    ) -> Result<Done, Failed> {
        let attempts = Attempts::of(terms.policies);
        let mut random = self.frame.run().services.random();
        loop {
            let wait = attempts.next(attempt, failed.retry, &mut random);
            if let Some(observer) = &self.frame.run().observer {
                observer.attempt_failed(self.frame, self.node, self.tier, &failed.error, wait);
            }
            let Some(wait) = wait else {
                return Err(failed);
            };
            attempt += 1;
            self.does(Doing::Backoff(attempt));
            match trail {
                Some(trail) => trail.wait(attempt, wait, &failed.error).await,
                None => tokio::time::sleep(wait).await,
            }
            let admitted = self.admitted(terms, (attempt, trail));
            let last = match admitted.await {
                Ok(done) => return Ok(done),
                Err(last) => last,
            };
            if last.error.kind() == ErrorKind::BreakerOpen {
                // The breaker opened under these attempts: what they failed with says more.
                return Err(failed);
            }
            failed = Failed {
                leaves_in_doubt: last.leaves_in_doubt || failed.leaves_in_doubt,
                ..last
            };
        }
    }

    /// One attempt behind breaker, concurrency limits and rate limit, which it holds no longer than it takes.
    async fn admitted(
        &self,
        terms: &Terms<'_>,
        (attempt, trail): (u32, Option<&Trail<'_>>),
    ) -> Result<Done, Failed> {
        let Terms { tier, policies, .. } = *terms;
        let run = self.frame.run();
        if self.is_gone_into() {
            return self.attempted(policies.timeout, attempt, trail).await;
        }
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
        self.rated(terms, attempt).await?;
        #[cfg(not(feature = "rate-limit"))]
        let _ = terms.facts;
        let result = self.attempted(policies.timeout, attempt, trail).await;
        match (permit, &result) {
            (Some(permit), Err(failed)) if failed.counts => permit.failure(),
            (Some(permit), _) => permit.success(),
            (None, _) => {}
        }
        result
    }

    /// Whether what is called is a workflow whose history is gone over: it was admitted before.
    fn is_gone_into(&self) -> bool {
        let record = self.frame.run().journal.as_deref();
        let record = record.filter(|record| record.is_retracing());
        record.is_some_and(|record| record.has_inside(&record.instance(self.frame, self.node)))
    }

    /// One attempt, as it is watched and put on record, within its timeout.
    async fn attempted(
        &self,
        timeout: Option<Duration>,
        attempt: u32,
        trail: Option<&Trail<'_>>,
    ) -> Result<Done, Failed> {
        self.does(Doing::Attempt(attempt));
        let watch = AttemptWatch::new(self.frame, self.node, self.tier, attempt);
        let mode = match self.undoing {
            Some(outcome) => Mode::Undo(outcome.clone()),
            None => Mode::Run,
        };
        let attempted = pin!(self.caught(mode, attempt));
        if timeout.is_none() && trail.is_none() {
            return watch.during(attempted).await;
        }
        let limited = self.limited(timeout, (attempt, trail), attempted);
        Box::pin(watch.inside(limited)).await
    }

    /// An attempt that has a timeout or is put on record.
    async fn limited(
        &self,
        timeout: Option<Duration>,
        (attempt, trail): (u32, Option<&Trail<'_>>),
        attempted: Pin<&mut impl Future<Output = Result<Done, Failed>>>,
    ) -> Result<Done, Failed> {
        let attempted = pin!(within(timeout, attempted));
        let attempted = match trail {
            Some(trail) => trail.noted(attempt, attempted).await,
            None => attempted.await,
        };
        attempted.unwrap_or_else(|elapsed| {
            let message = format!("it took longer than its timeout of {:?}", elapsed.limit);
            Err(Failed::doubtful(self.error(
                ErrorKind::TimedOut,
                attempt,
                message,
            )))
        })
    }

    #[cfg(feature = "rate-limit")]
    async fn rated(&self, terms: &Terms<'_>, attempt: u32) -> Result<(), Failed> {
        let Some(policy) = terms.policies.rate_limit else {
            return Ok(());
        };
        let services = &self.frame.run().services;
        let limiter = services
            .registry()
            .rate_limiter(terms.tier.owner(), policy)
            .map_err(|conflict| self.conflict(&conflict))?;
        let weight = terms.facts.weight.unwrap_or(1);
        self.does(Doing::Rate);
        match limiter
            .acquire(terms.facts.rate_key.as_deref(), weight)
            .await
        {
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

    fn conflict(&self, conflict: &Conflict) -> Failed {
        Failed::last(self.error(ErrorKind::Failed, 0, conflict.to_string()))
    }

    /// One attempt, whose panic is a failure.
    pub(super) async fn caught(&self, mode: Mode, attempt: u32) -> Result<Done, Failed> {
        let once = AssertUnwindSafe(pin!(self.once(mode, attempt)));
        match crate::panics::catch(once).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(thrown)) => {
                let tier = &self.frame.layout.nodes[self.node].tiers[self.tier];
                let place = self.frame.run().place(self.frame, self.node, tier.step());
                let is_tried_again = matches!(thrown.retry, Retry::Yes | Retry::After(_));
                Err(Failed {
                    retry: thrown.retry,
                    falls_back: thrown.falls_back,
                    counts: is_tried_again,
                    // What is tried again may have happened all the same: its answer may be lost.
                    leaves_in_doubt: is_tried_again && tier.policies.retries.is_some(),
                    ..Failed::new(failure(place, attempt, thrown))
                })
            }
            Err(panic) => {
                let error = self.error(ErrorKind::Panicked, attempt, panic_message(&*panic));
                Err(Failed::doubtful(error))
            }
        }
    }

    /// The fault that a test has asked for in this attempt.
    #[cfg(feature = "testing")]
    async fn struck(&self, faults: &Faults, attempt: u32) -> Result<(), Thrown> {
        let path = &self.frame.layout.nodes[self.node].path;
        let items = self.frame.items();
        let call = format!("{path} {items:?} {} {}", self.turn, self.tier);
        faults.strike(path, &call, attempt).await
    }

    pub(super) async fn once(&self, mode: Mode, attempt: u32) -> Result<Done, Thrown> {
        let Some(code) = self.frame.layout.code.nodes[self.node].call() else {
            return Ok(Done::Value);
        };
        #[cfg(feature = "testing")]
        if let (Mode::Run, Some(faults)) = (&mode, &self.frame.run().services.faults) {
            Box::pin(self.struck(faults, attempt)).await?;
        }
        let cx = Cx::attempt(self.frame, self.node, mode, attempt, self.tier, self.turn);
        match code(cx) {
            Started::Ended(result) => result,
            Started::Pending(attempt) => attempt.await,
        }
    }
}
