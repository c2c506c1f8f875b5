//! A call under its policies, in their one order:
//! cache, deadline, retries around breaker, concurrency, rate limit and timeout, and then the fallback chain.
//!
//! Futures are handed on pinned where they are: handed on by value, each of the policies would double their size.

mod attempt;
#[cfg(feature = "cache")]
mod cached;
mod turns;

use std::pin::pin;
use std::sync::Arc;

use orch_core::error::{ErrorKind, NodeError, Place};
use orch_core::outcome::Outcome;
use orch_core::plan::NodeKind;
use orch_core::policy::{Policies, Retry};

pub(in crate::engine) use self::attempt::Next;
use super::attempts;
use super::frame::Frame;
use super::layout::Tier;
use super::strand::Called;
use super::under_way::{Calling, Doing};
use super::undo::{Doubtful, Undo};
use super::wait;
use crate::ctx::Mode;
use crate::observe::tracing::Span;
use crate::observe::{Queued, during};
use crate::origin::Origin;
use crate::program::{Done, Thrown};
use crate::step::Facts;

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
    /// Whether the run is to be paused, if it can be.
    pub(crate) fn pauses(&self) -> bool {
        self.retry == Retry::Pause
    }

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

    pub(super) fn last(error: NodeError) -> Self {
        Self {
            retry: Retry::No,
            ..Self::new(error)
        }
    }
}

/// A node's call, with all that its options ask for.
pub(crate) async fn perform(
    frame: &Arc<Frame>,
    node: usize,
    queued: Option<Box<Queued>>,
    calling: Option<&Calling<'_>>,
) -> Result<Done, Failed> {
    let span = match &frame.run().observer {
        Some(observer) => observer.call_started(frame, node, queued.map(|queued| *queued)),
        None => Span::none(),
    };
    let call = Call {
        calling,
        ..Call::new(frame, node)
    };
    let whole = pin!(call.node_kind());
    during(span, whole).await
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
    let terms = Terms {
        tier: &tier,
        policies: &tier.policies,
        facts: NO_FACTS,
    };
    match Box::pin(call.bounded(&terms)).await {
        Ok(_) => Ok(()),
        Err(failed) => Err(failed.error),
    }
}

/// What a tier of a fallback chain failed with.
#[derive(Debug)]
pub(in crate::engine) struct FellBack {
    pub(in crate::engine) error: NodeError,
    /// Whether it is to be undone, as it may have done what it was to do.
    pub(in crate::engine) in_doubt: bool,
}

/// What is called, under what.
struct Terms<'a> {
    tier: &'a Tier,
    policies: &'a Policies,
    facts: &'a Facts,
}

/// Those of a step that reads no arguments.
const NO_FACTS: &Facts = &Facts {
    cache_key: None,
    rate_key: None,
    weight: None,
};

pub(super) struct Call<'a> {
    pub(super) frame: &'a Arc<Frame>,
    pub(super) node: usize,
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

    pub(super) fn does(&self, doing: Doing) {
        if let Some(calling) = self.calling {
            calling.does(doing);
        }
    }

    /// What is called.
    fn callee(&self) -> Option<&'static Tier> {
        self.frame.layout.nodes[self.node].tiers.get(self.tier)
    }

    async fn node_kind(&self) -> Result<Done, Failed> {
        let layout = &self.frame.layout.nodes[self.node];
        match layout.spec.kind {
            NodeKind::Repeat { max, every, .. } => match &self.frame.run().journal {
                Some(record) => Box::pin(self.repeat_recorded(record, max, every)).await,
                None => Box::pin(self.repeat(max, every)).await,
            },
            NodeKind::Signal { .. } => {
                let waited = Box::pin(wait::signal(self.frame, self.node));
                waited.await.map(|()| Done::Value).map_err(Failed::last)
            }
            NodeKind::Sleep { .. } => {
                let waited = Box::pin(wait::sleep(self.frame, self.node));
                waited.await.map(|()| Done::Value).map_err(Failed::last)
            }
            _ => match &layout.tiers[..] {
                [tier] if tier.undo().is_none() => self.cached(tier).await,
                _ => Box::pin(self.chain()).await,
            },
        }
    }

    /// Calls tier after tier until one gives a value.
    async fn chain(&self) -> Result<Done, Failed> {
        let tiers = &self.frame.layout.nodes[self.node].tiers;
        if self.turn > 0 {
            let mut state = self.frame.state();
            state.origins.retain(|(node, _)| *node != self.node);
        }
        let first = attempts::first_tier(self.frame, self.node, self.turn);
        let mut fell_back: Option<FellBack> = None;
        for tier in first..tiers.len() {
            let call = Self { tier, ..*self };
            let called = match tiers[tier].undo() {
                None => {
                    if let Some(failed) = &fell_back {
                        // What is called next is kept after it.
                        drop(attempts::fall_back(self.frame, self.node, tier, failed));
                    }
                    call.cached(&tiers[tier]).await
                }
                Some(_) => Box::pin(call.to_be_undone(&tiers[tier], fell_back.as_ref())).await,
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
            let pauses = failed.pauses() && self.frame.run().journal.is_some();
            if tier + 1 == tiers.len() || !failed.falls_back || pauses {
                return Err(failed);
            }
            if let Some(observer) = &self.frame.run().observer {
                observer.fell_back(self.frame, self.node, tier + 1);
            }
            fell_back = Some(FellBack {
                in_doubt: failed.leaves_in_doubt && tiers[tier].undo().is_some(),
                error: failed.error,
            });
        }
        Ok(Done::Value)
    }

    /// A call that another step undoes should the run not succeed; of a fallback, with what the tier before it failed
    /// with.
    async fn to_be_undone(
        &self,
        tier: &Tier,
        fell_back: Option<&FellBack>,
    ) -> Result<Done, Failed> {
        let (run, frame, node) = (self.frame.run(), self.frame, self.node);
        let mut doubtful = Doubtful::new(frame, node, self.tier);
        let next = attempts::next(frame, node, self.tier, self.turn);
        if !next.may_have_happened {
            // Until it is recorded that it is about to be called, it is not.
            doubtful.is_over();
        }
        match fell_back {
            Some(failed) => attempts::fall_back(frame, node, self.tier, failed).await,
            None => attempts::begin(frame, node, self.tier, &next).await,
        }
        doubtful.is_over();
        doubtful = Doubtful::new(frame, node, self.tier);
        let called = self.cached(tier).await;
        let doubt = doubtful.is_over();
        match &called {
            Ok(Done::Kept(kept)) => {
                if let Some(json) = &kept.json {
                    let order = run.undo_order();
                    let undo = Undo::done(frame, node, self.tier, order, json.clone());
                    run.to_undo(undo);
                }
            }
            Ok(_) => {}
            Err(failed) if failed.leaves_in_doubt => {
                if let Some(undo) = doubt {
                    run.to_undo(undo.at(run.undo_order()).failed(failed.error.clone()));
                }
            }
            Err(_) => {}
        }
        called
    }

    fn came_from(&self, origin: Origin) {
        self.frame.state().origins.push((self.node, origin));
    }

    /// Reads the cache, or calls and fills it.
    async fn cached(&self, tier: &Tier) -> Result<Done, Failed> {
        let policies = self.frame.run().services.policies(tier);
        let read;
        let facts = if tier.reads_arguments() {
            read = self.facts().await?;
            &*read
        } else {
            NO_FACTS
        };
        let terms = Terms {
            tier,
            policies,
            facts,
        };
        #[cfg(feature = "cache")]
        if let (Some(policy), Some(cache)) = (policies.cache, self.frame.run().services.cache()) {
            return self.through_cache(&terms, policy, cache).await;
        }
        self.bounded(&terms).await
    }

    /// Asks the step for its keys.
    async fn facts(&self) -> Result<Box<Facts>, Failed> {
        match self.caught(Mode::Facts, 0).await? {
            Done::Facts(facts) => Ok(facts),
            _ => Ok(Box::default()),
        }
    }

    fn error(&self, kind: ErrorKind, attempt: u32, message: String) -> NodeError {
        let tier = &self.frame.layout.nodes[self.node].tiers[self.tier];
        let place = self.frame.run().place(self.frame, self.node, tier.step());
        NodeError::new(kind, place, attempt, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of what a function of a call's arguments gives.
    fn size_of_given<'a, F>(
        _: impl Fn(&'a Arc<Frame>, usize, Option<Box<Queued>>, Option<&'a Calling<'a>>) -> F,
    ) -> usize {
        size_of::<F>()
    }

    /// It is allocated and copied for each call, and what is larger than this the system's allocator does not keep at hand.
    #[test]
    fn a_call_has_no_room_for_what_happens_seldom() {
        let size = size_of_given(perform);
        assert!(size <= 1024, "{size} bytes");
    }
}
