//! Attempts are counted beyond their process: which one is next when a run is taken up again, and what is put on record
//! so that this can be known.
//!
//! A first attempt that ends soon leaves nothing on record but its end. One that goes on for a while is noted, without
//! anybody waiting for that; so is each attempt that follows a failed one, with when it is due, while it is waited for.
//! In a run that is taken up, what may have begun before is noted before it is called, so that what brings its process
//! down each time is counted each time.
//!
//! An attempt that was under way when its process died counts as one that failed. However many those were, one attempt
//! is made whenever the run is taken up: whether it is the last is what the count decides.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use orch_core::error::NodeError;
use serde_json::value::RawValue;

use super::call::{Failed, FellBack, Next};
use super::frame::Frame;
use super::known::Began;
use super::layout::Tier;
use super::record::Record;
use crate::durable::millis;
use crate::store::{Entry, EntryKind, Millis};

/// How long an attempt goes on before it is put on record that it does.
const A_WHILE: Duration = Duration::from_millis(20);

/// The tier that was called last before the run was taken up: those before it have failed.
pub(super) fn first_tier(frame: &Frame, node: usize, turn: u32) -> usize {
    let Some(record) = recorded(frame) else {
        return 0;
    };
    let known = record.known(&record.instance(frame, node));
    known.map_or(0, |known| match known.call() {
        (of, tier, _) if of == turn => tier,
        _ => 0,
    })
}

/// What is recorded of the run, if anything was before it was taken up.
fn recorded(frame: &Frame) -> Option<&Record> {
    let record = frame.run().journal.as_deref();
    record.filter(|record| record.has_history())
}

/// The attempt that is next of a tier in a turn.
pub(super) fn next(frame: &Frame, node: usize, tier: usize, turn: u32) -> Next {
    let Some(record) = recorded(frame) else {
        return Next::FIRST;
    };
    let known = record.known(&record.instance(frame, node));
    let known = known.filter(|known| {
        let (of, began, _) = known.call();
        (of, began) == (turn, tier)
    });
    let Some(began) = known.and_then(|known| known.began.as_ref()) else {
        return Next::FIRST;
    };
    // What a workflow inside did is on record itself: its attempt goes on where it was.
    let tier = frame.layout.nodes[node].tiers.get(tier);
    let goes_on = began.due.is_some() || tier.is_some_and(Tier::keeps_its_own);
    Next {
        attempt: began.attempt + u32::from(!goes_on),
        may_have_happened: began.due.is_none() || began.attempt > 1 || began.leaves_in_doubt(),
        due: began.due,
    }
}

/// Puts on record that a call begins, once it is due.
pub(super) async fn begin(frame: &Arc<Frame>, node: usize, tier: usize, next: &Next) {
    if let Some(record) = &frame.run().journal {
        wait_until(record, next.due).await;
        let began = Began::new(tier, next.attempt);
        record.add(started(record, frame, node, began)).await;
    }
}

/// Puts on record that a call is made anew, with all its attempts, once somebody has seen to what it failed with.
pub(super) async fn begin_anew(record: &Record, frame: &Arc<Frame>, node: usize, failed: &Failed) {
    let tiers = &frame.layout.nodes[node].tiers;
    let tier = tiers
        .iter()
        .position(|tier| tier.step() == failed.error.step());
    let json = record.encode_failure(frame, node, &failed.error, failed.leaves_in_doubt);
    let began = Began {
        due: Some(record.durability.clock.now()),
        failed: RawValue::from_string(json).ok(),
        ..Began::new(tier.unwrap_or(0), 1)
    };
    record.add(started(record, frame, node, began)).await;
}

/// Puts on record that the next tier of a fallback chain is called, and what the one before it failed with. Handed over
/// at once; the future ends when it is kept.
pub(super) fn fall_back<'a>(
    frame: &'a Arc<Frame>,
    node: usize,
    tier: usize,
    failed: &FellBack,
) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    let Some(record) = &frame.run().journal else {
        return Box::pin(std::future::ready(()));
    };
    let json = record.encode_failure(frame, node, &failed.error, failed.in_doubt);
    let began = Began {
        failed: RawValue::from_string(json).ok(),
        ..Began::new(tier, 1)
    };
    Box::pin(record.add(started(record, frame, node, began)))
}

/// Puts on record that a call begins which may have begun before, in a process that died.
pub(super) async fn note_first(record: &Record, frame: &Arc<Frame>, node: usize) {
    let known = record.known(&record.instance(frame, node));
    if known.is_some_and(|known| known.end.is_some()) {
        return;
    }
    let (turn, tier, _) = known.map_or((0, 0, 1), super::known::Known::call);
    let Some(called) = frame.layout.nodes[node].tiers.get(tier) else {
        return;
    };
    let policies = frame.run().services.policies(called);
    let next = next(frame, node, tier, turn);
    // One that is undone says so itself, and what a workflow inside did is on record.
    let says_so = called.undo().is_some() || called.keeps_its_own();
    if policies.retries.unwrap_or(0) > 0 && !says_so && next.due.is_none() {
        let began = Began::new(tier, next.attempt);
        record.add(started(record, frame, node, began)).await;
    }
}

fn started(record: &Record, frame: &Arc<Frame>, node: usize, began: Began) -> Entry {
    let instance = record.instance(frame, node);
    let began = Some(began.into_json());
    record.entry(frame, instance, EntryKind::Started, began)
}

async fn wait_until(record: &Record, due: Option<Millis>) {
    if let Some(due) = due {
        record.durability.clock.sleep_until(due).await;
    }
}

/// The attempts of one call that is tried again, as they are put on record.
pub(super) struct Trail<'a> {
    record: &'a Record,
    frame: &'a Arc<Frame>,
    node: usize,
    tier: usize,
    /// The attempt that is on record already, if one is.
    noted: Option<u32>,
    keeps_its_own: bool,
}

impl<'a> Trail<'a> {
    /// `None` of a run that is not recorded.
    pub(super) fn of(
        frame: &'a Arc<Frame>,
        node: usize,
        (idx, tier): (usize, &Tier),
        next: &Next,
    ) -> Option<Box<Self>> {
        let record = frame.run().journal.as_deref()?;
        Some(Box::new(Self {
            record,
            frame,
            node,
            tier: idx,
            noted: tier.undo().map(|_| next.attempt),
            keeps_its_own: tier.keeps_its_own(),
        }))
    }

    /// Waits until the first attempt is due.
    pub(super) async fn wait_for(&self, next: &Next) {
        wait_until(self.record, next.due).await;
    }

    /// Waits before an attempt that follows a failed one, and puts it on record meanwhile.
    pub(super) async fn wait(&self, attempt: u32, wait: Duration, failed: &NodeError) {
        let clock = &self.record.durability.clock;
        // Whether it left anything in doubt is said when the attempts are used up.
        let failed = self
            .record
            .encode_failure(self.frame, self.node, failed, false);
        let began = Began {
            due: Some(clock.now().saturating_add(millis(wait))),
            failed: RawValue::from_string(failed).ok(),
            ..Began::new(self.tier, attempt)
        };
        let entry = started(self.record, self.frame, self.node, began);
        tokio::join!(self.record.add(entry), tokio::time::sleep(wait));
    }

    /// An attempt, which is put on record when it goes on for a while.
    pub(super) async fn noted<T>(
        &self,
        attempt: u32,
        mut attempted: Pin<&mut impl Future<Output = T>>,
    ) -> T {
        if self.keeps_its_own || self.noted == Some(attempt) {
            return attempted.await;
        }
        tokio::select! {
            biased;
            result = &mut attempted => return result,
            () = tokio::time::sleep(A_WHILE) => {}
        }
        let began = Began::new(self.tier, attempt);
        let entry = started(self.record, self.frame, self.node, began);
        self.record.note(entry);
        attempted.await
    }
}
