//! What is recorded of the outermost run, how far it is gone over, and whether anything is under way.
//!
//! # Going over a history again
//!
//! A run that is taken up again goes over what was recorded of it: a node whose value was recorded gets that value
//! where it would have been called.
//! Meanwhile nothing is called: a node without a recorded value [waits](Ledger::pass).
//! Values are taken in as soon as their nodes are reached. A failure is taken in when nothing else is left to do, the
//! one that was recorded first before the others, so that nothing is blocked by it that had been done before it.
//! No failure stops anything meanwhile, so that all that had begun is met again.
//! When all is taken in, the run [goes on](Phase::Going).

mod leaving;

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::run::RunId;
use tokio::sync::{Notify, oneshot};

pub(crate) use self::leaving::{Left, Next};
use super::{RETRIED, made_again};
use crate::artifact::Home;
use crate::ctx::Cx;
use crate::durability::Durability;
use crate::engine::frame::{Frame, Role};
use crate::engine::known::{Everything, Known, known};
use crate::engine::mailbox::Mailbox;
use crate::engine::under_way::UnderWay;
use crate::program::NodeCode;
use crate::store::{Change, Entry, EntryKind, Held, History, Json, Millis};

/// What is recorded of a durable run.
pub(crate) struct Ledger {
    /// The outermost run's.
    pub(crate) id: RunId,
    pub(crate) held: Held,
    pub(crate) durability: Arc<Durability>,
    pub(crate) mailbox: Mailbox,
    pub(crate) deadline: Option<Millis>,
    pub(crate) under_way: UnderWay,
    /// What was recorded before the run was taken up, by node, item and turn.
    pub(super) known: Everything,
    phase: AtomicU8,
    state: Mutex<State>,
    /// The phase changed.
    turned: Notify,
    /// The run may be quiet, or is to be left.
    pub(crate) stirred: Notify,
    /// Nothing of the run goes on here any more.
    abandoned: AtomicBool,
    /// The number of the last signal that there was when the run was taken up.
    pub(crate) began_with: i64,
    /// Held by whoever does what operators asked for.
    steered: Mutex<Steered>,
}

/// How far a run has followed its signals.
#[derive(Debug, Default)]
pub(crate) struct Steered {
    /// The number of the last one when it was last looked at what to do next.
    pub(crate) seen: i64,
    /// The run was cancelled by one that came since it was taken up, which may not have taken effect yet.
    pub(crate) stopped: bool,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger")
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last entry.
    seq: i64,
    /// What is kept along with the next entry.
    riders: Vec<Entry>,
    /// Strands at work.
    busy: usize,
    /// Calls under way beside the strands at work.
    flights: usize,
    /// What waits: until when, if it ends by itself, and how many times.
    waits: BTreeMap<Millis, usize>,
    waiting: usize,
    /// Failures to be taken in, by the numbers of their entries.
    failures: BTreeMap<i64, oneshot::Sender<()>>,
    /// How many of them are being taken in.
    due: usize,
    left: Option<Left>,
    /// Whether it is left with what has not ended.
    forced: bool,
}

/// What a run that is taken up does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It goes over its history again, and calls nothing.
    Retracing,
    /// It goes on.
    Going,
    /// It finishes what it has begun, and begins nothing.
    Holding,
}

impl Ledger {
    /// A new run's record, or that of one that is taken up with its history.
    pub(crate) fn new(
        durability: Arc<Durability>,
        (id, held): (RunId, Held),
        deadline: Option<Millis>,
        history: Option<History>,
    ) -> Self {
        let mut state = State::default();
        let (known, mailbox) = match history {
            Some(history) => {
                state.seq = history.entries.last().map_or(0, |entry| entry.seq);
                (known(history.entries), Mailbox::of(history.signals))
            }
            None => (Everything::new(), Mailbox::default()),
        };
        let phase = if known.is_empty() {
            Phase::Going
        } else {
            Phase::Retracing
        };
        Self {
            id,
            held,
            durability,
            began_with: mailbox.seen(),
            mailbox,
            deadline,
            under_way: UnderWay::default(),
            known,
            phase: AtomicU8::new(phase as u8),
            state: Mutex::new(state),
            turned: Notify::new(),
            stirred: Notify::new(),
            abandoned: AtomicBool::new(false),
            steered: Mutex::default(),
        }
    }

    /// Lets nothing of the run go on here.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    /// Nobody else does what operators asked for meanwhile.
    pub(crate) fn steer(&self) -> MutexGuard<'_, Steered> {
        self.steered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Where what the run's values refer to is kept.
    pub(crate) fn home(&self) -> Home {
        self.durability.home(self.held.run)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last signal before the run was taken up again from an earlier point.
    pub(crate) fn retried_after(&self) -> i64 {
        let known = self.known.get(RETRIED).and_then(|known| known.end.as_ref());
        let number = known.and_then(|(_, number)| number.as_ref()?.parse().ok());
        number.unwrap_or(0)
    }

    /// How many times a call was undone, so that what it does now is another effect than those before.
    pub(crate) fn times_undone(&self, instance: &str) -> u32 {
        let known = self.known.get(&made_again(instance));
        let times = known.and_then(|known| known.end.as_ref()?.1.as_ref()?.parse().ok());
        times.unwrap_or(0)
    }

    /// The signals that nobody has taken.
    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// How many bytes of JSON a recorded value may have.
    pub(crate) fn value_limit(&self) -> usize {
        self.durability.value_limit
    }

    /// Whether the run goes over its history again.
    pub(crate) fn is_retracing(&self) -> bool {
        self.phase() == Phase::Retracing
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Retracing,
            1 => Phase::Going,
            _ => Phase::Holding,
        }
    }

    /// Goes on, with what is left of the history taken in at once.
    fn go_on(&self) {
        let mut state = self.state();
        self.phase.store(Phase::Going as u8, Ordering::Release);
        while state.take_in() {}
        drop(state);
        self.turned.notify_waiters();
    }

    /// Adds an entry that nobody waits for: what is added later is kept after it, or not at all.
    pub(crate) fn note(&self, entry: Entry) {
        drop(self.add(entry));
    }

    /// Adds an entry that is kept along with the next one, and is not worth a commit of its own.
    pub(super) fn ride(&self, node: String, value: Json) {
        self.ride_along(Entry {
            seq: 0,
            node,
            kind: EntryKind::Received,
            value: Some(value),
            item: None,
            at: self.durability.clock.now(),
        });
    }

    /// Adds an entry that is kept along with the next one, or with the end of the run's being here.
    pub(crate) fn ride_along(&self, entry: Entry) {
        self.under_way.moved();
        self.state().riders.push(entry);
    }

    /// What is to be kept along with the end of the run's being here.
    pub(crate) fn riders(&self) -> Vec<Entry> {
        self.state().numbered(None)
    }

    /// Adds an entry; it is kept before anything that is added later. What waits for the answer waits until it is.
    pub(crate) fn add(&self, entry: Entry) -> impl Future<Output = ()> + Send + '_ {
        self.under_way.moved();
        let mut state = self.state();
        let change = Change::Record {
            held: self.held,
            entries: state.numbered(Some(entry)),
        };
        // Handed over under the lock, so that entries are kept in the order of their numbers.
        let kept = self.durability.journal.submit(change);
        drop(state);
        async move {
            if let Err(error) = kept.await {
                self.leave(Left::Lost(error.to_string()));
                // Nobody may see what was not kept; the run is dropped.
                pending::<()>().await;
            }
        }
    }

    /// A number that is higher than those of all entries until now.
    pub(crate) fn next_seq(&self) -> i64 {
        self.state().seq + 1
    }

    /// An entry about a node, an item or a turn.
    pub(crate) fn entry(
        &self,
        frame: &Arc<Frame>,
        node: String,
        kind: EntryKind,
        value: Option<Json>,
    ) -> Entry {
        Entry {
            seq: 0,
            node,
            kind,
            value,
            item: item_keys(frame),
            at: self.durability.clock.now(),
        }
    }

    /// Whether what was recorded about these items is about those that are there now.
    pub(crate) fn fits(&self, frame: &Arc<Frame>, known: &Known) -> bool {
        known.item.is_none() || known.item == item_keys(frame)
    }

    /// Waits until calls may be made.
    pub(crate) async fn pass(&self) {
        self.until(|phase| phase == Phase::Going, || Some(self.wait(None)))
            .await;
    }

    /// Waits until the history is gone over.
    pub(crate) async fn gone_over(&self) {
        self.until(|phase| phase != Phase::Retracing, || None).await;
    }

    async fn until<'a>(
        &self,
        reached: impl Fn(Phase) -> bool,
        waits: impl Fn() -> Option<Waits<'a>>,
    ) {
        loop {
            let turned = self.turned.notified();
            tokio::pin!(turned);
            turned.as_mut().enable();
            if reached(self.phase()) {
                return;
            }
            let _waits = waits();
            turned.await;
        }
    }

    /// Waits until the failure of this number is to be taken in: when nothing but failures is left of the history, the
    /// first of them, or at once when the run has gone beyond its history elsewhere.
    pub(crate) async fn failure_is_due(&self, seq: i64) {
        let (tell, told) = oneshot::channel();
        {
            let mut state = self.state();
            if self.phase() == Phase::Going {
                return;
            }
            state.failures.insert(seq, tell);
        }
        let _due = Due { ledger: self, seq };
        let _waits = self.wait(None);
        // An error would say that the ledger is gone.
        let _ = told.await;
    }

    /// Something waits, until this time if that ends by itself.
    pub(crate) fn wait(&self, until: Option<Millis>) -> Waits<'_> {
        let mut state = self.state();
        state.waiting += 1;
        if let Some(until) = until {
            *state.waits.entry(until).or_default() += 1;
        }
        self.stir(&state);
        drop(state);
        Waits {
            ledger: self,
            until,
        }
    }

    /// A strand is at work.
    pub(crate) fn work(&self) {
        self.state().busy += 1;
    }

    /// A strand has nothing more to do.
    pub(crate) fn rest(&self) {
        let mut state = self.state();
        state.busy -= 1;
        self.stir(&state);
    }

    /// A call goes on beside the strands.
    pub(crate) fn fly(&self) {
        self.state().flights += 1;
    }

    /// A call that went on beside the strands has ended, and a strand is at work on what follows.
    pub(crate) fn land(&self) {
        let mut state = self.state();
        state.flights -= 1;
        state.busy += 1;
    }

    /// A call that went on beside the strands was dropped.
    pub(crate) fn drop_flight(&self) {
        let mut state = self.state();
        state.flights -= 1;
        self.stir(&state);
    }

    /// Whether all that is under way waits, as it should.
    pub(crate) fn is_quiet(&self) -> bool {
        self.state().is_quiet()
    }

    fn stir(&self, state: &State) {
        if state.is_quiet() {
            self.stirred.notify_one();
        }
    }
}

/// Something that waits.
#[derive(Debug)]
pub(crate) struct Waits<'a> {
    ledger: &'a Ledger,
    until: Option<Millis>,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut state = self.ledger.state();
        state.waiting -= 1;
        let Some(until) = self.until else { return };
        if let Some(count) = state.waits.get_mut(&until) {
            *count -= 1;
            if *count == 0 {
                state.waits.remove(&until);
            }
        }
    }
}

/// A failure that is to be taken in, or is being.
struct Due<'a> {
    ledger: &'a Ledger,
    seq: i64,
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        let mut state = self.ledger.state();
        if state.failures.remove(&self.seq).is_none() {
            state.due -= 1;
        }
    }
}

impl State {
    /// Lets the failure that was recorded first be taken in; `false` if there is none.
    fn take_in(&mut self) -> bool {
        let Some((_, tell)) = self.failures.pop_first() else {
            return false;
        };
        self.due += 1;
        // Whoever no longer listens says so as it goes.
        let _ = tell.send(());
        true
    }

    /// What rides along and an entry, with their numbers.
    fn numbered(&mut self, entry: Option<Entry>) -> Vec<Entry> {
        let mut entries = std::mem::take(&mut self.riders);
        entries.extend(entry);
        for entry in &mut entries {
            self.seq += 1;
            entry.seq = self.seq;
        }
        entries
    }

    /// What is ready has a strand at work, so that nothing is ready where none is.
    fn is_quiet(&self) -> bool {
        self.busy == 0 && self.flights == self.waiting && self.due == 0
    }
}

/// What tells the items around a frame from others, outermost first; `None` outside of any fan-out.
fn item_keys(frame: &Arc<Frame>) -> Option<String> {
    let (around, _) = frame.parent()?;
    let outer = item_keys(around);
    let Role::Item { fan, .. } = &frame.role else {
        return outer;
    };
    let NodeCode::For { key: Some(key), .. } = around.layout.code.nodes[fan.node] else {
        return outer;
    };
    let key = key(&Cx::new(frame, 0)).unwrap_or_else(|error| format!("?{error}"));
    Some(match outer {
        Some(outer) => format!("{outer}/{key}"),
        None => key,
    })
}
