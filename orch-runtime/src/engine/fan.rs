//! A fan-out under way: which items have started, and how they ended.
//!
//! At most one [`Job::Fan`](super::jobs::Job::Fan) is on its way for a fan at a time, and only while an item is left and
//! there is room for it: whoever takes the job starts the item, and passes the job on if that holds still.
//! Otherwise the next item that ends [brings it back](After::Queue).
//! Where an item ends in the hands of whoever has the job, another [takes its place](After::Next), and nobody else need
//! know: as many are under way as before, and the job is where it was.
//!
//! A failed item that is not tolerated closes the fan, and so does the run's stop: what is under way goes on, nothing
//! else starts.
//! Exactly once it is said that the fan [is over](After::Over), by the item that ended last, or by [`Fan::close`] if
//! nothing was under way.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::error::NodeError;
use orch_core::plan::Tolerance;

use super::frame::Frame;
use super::gather::Values;
use super::run::Run;
use crate::ctx::Cx;

/// A fan-out under way.
#[derive(Debug)]
pub(crate) struct Fan {
    /// As its frame has it, which may be far from the root.
    run: Arc<Run>,
    /// Its frame and its node, as generated code is told.
    pub(crate) cx: Cx,
    pub(crate) node: usize,
    total: usize,
    limit: usize,
    tolerate: Option<Tolerance>,
    /// The first item that has not started: nobody but whoever has the job changes it.
    next: AtomicUsize,
    /// No further item starts.
    closed: AtomicBool,
    state: Mutex<State>,
    values: Mutex<Values>,
}

#[derive(Debug)]
struct State {
    running: usize,
    failed: usize,
    /// Whether the run's stop kept an item from ending well.
    cut: bool,
    /// Whether its job is on its way.
    queued: bool,
}

/// What follows from an item's end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Other items are under way.
    Nothing,
    /// There is room for another item: its job belongs into the ready queue again.
    Queue,
    /// The next item is this one, for whoever holds the job, and whether the job is to be passed on.
    Next(usize, bool),
    /// All items have ended.
    Over,
}

impl Fan {
    /// A fan of which no item has started, and whose job the caller is to queue.
    pub(crate) fn new(
        frame: Arc<Frame>,
        node: usize,
        total: usize,
        limit: Option<u32>,
        tolerate: Option<Tolerance>,
    ) -> Self {
        Self {
            run: Arc::clone(frame.run()),
            cx: Cx::of(frame, node),
            node,
            total,
            // Under a limit of none nothing would ever end.
            limit: limit.map_or(usize::MAX, |limit| limit.max(1) as usize),
            tolerate,
            next: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            state: Mutex::new(State {
                running: 0,
                failed: 0,
                cut: false,
                queued: true,
            }),
            values: Mutex::new(Values::of(total)),
        }
    }

    pub(crate) fn run(&self) -> &Arc<Run> {
        &self.run
    }

    pub(crate) fn frame(&self) -> &Arc<Frame> {
        self.cx.ctx().frame()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(crate) fn tolerates(&self) -> bool {
        self.tolerate.is_some()
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Whether so many failures leave it a value.
    fn allows(&self, failed: usize) -> bool {
        let tolerated = |tolerance: Tolerance| tolerance.allows(failed, self.total);
        failed == 0 || self.tolerate.is_some_and(tolerated)
    }

    /// The next item to start, for whoever has taken the job, and whether the job is to be passed on.
    pub(crate) fn next(&self) -> (Option<usize>, bool) {
        let mut state = self.state();
        if self.is_closed() {
            return (None, false);
        }
        let (idx, more) = self.claim(&mut state);
        (Some(idx), more)
    }

    fn claim(&self, state: &mut State) -> (usize, bool) {
        let idx = self.next.load(Ordering::Relaxed);
        self.next.store(idx + 1, Ordering::Relaxed);
        state.running += 1;
        let more = self.is_left() && state.running < self.limit;
        state.queued = more;
        (idx, more)
    }

    /// Whether there is an item that has not started.
    fn is_left(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.total
    }

    /// The item that takes the place of one that ended well, for whoever has the job and keeps it.
    fn replace(&self) -> Option<usize> {
        let idx = self.next.load(Ordering::Relaxed);
        let stays = idx + 1 < self.total && !self.is_closed();
        stays.then(|| {
            self.next.store(idx + 1, Ordering::Relaxed);
            idx
        })
    }

    /// Lets no further item start, for whoever has taken the job; says whether it is over by that.
    pub(crate) fn close(&self) -> bool {
        let state = self.state();
        let first = !self.is_closed();
        self.closed.store(true, Ordering::Relaxed);
        first && state.running == 0
    }

    /// Keeps what an item gives.
    pub(crate) fn keep<T: Send + 'static>(&self, idx: usize, value: T) {
        self.values().keep(idx, value);
    }

    /// An item has ended well, told by somebody who may hold the job; `stopping` if the run's stop lets no further item
    /// start.
    pub(crate) fn done(&self, stopping: bool, holds_job: bool) -> After {
        let takes_next = holds_job && !stopping;
        if takes_next && let Some(idx) = self.replace() {
            return After::Next(idx, true);
        }
        let mut state = self.state();
        let after = self.ended(&mut state, stopping);
        if takes_next && after == After::Nothing && !self.is_closed() {
            let (idx, more) = self.claim(&mut state);
            return After::Next(idx, more);
        }
        after
    }

    /// An item has failed; `stopping` if the run's stop lets no further one start.
    pub(crate) fn failed(&self, idx: usize, error: NodeError, stopping: bool) -> After {
        self.values().keep_error(idx, error);
        let mut state = self.state();
        // What a stop blocks or cancels is no failure of the item's own, and none to be tolerated.
        // Without a tolerance the failure may be the very one that stops the run.
        if stopping && self.tolerates() {
            state.cut = true;
        } else {
            state.failed += 1;
        }
        self.ended(&mut state, stopping)
    }

    fn ended(&self, state: &mut State, stopping: bool) -> After {
        state.running -= 1;
        if stopping || !self.allows(state.failed) {
            self.closed.store(true, Ordering::Relaxed);
        }
        let more = self.is_left() && !self.is_closed();
        if more && !state.queued {
            state.queued = true;
            return After::Queue;
        }
        if more || state.running > 0 {
            After::Nothing
        } else {
            After::Over
        }
    }

    /// How the items ended, once it is over.
    pub(crate) fn outcome(&self) -> Outcome {
        let state = self.state();
        let values = std::mem::take(&mut *self.values());
        if !self.allows(state.failed) {
            return Outcome::Failed {
                errors: values.errors(),
                failed: state.failed,
            };
        }
        if state.cut || self.is_left() {
            return Outcome::Failed {
                errors: Vec::new(),
                failed: 0,
            };
        }
        Outcome::Done(values)
    }
}

/// How a fan-out ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// As many as there are items, each a value or a tolerated error.
    Done(Values),
    /// More failed than is tolerated; none where the run's stop cut it short.
    Failed {
        errors: Vec<NodeError>,
        failed: usize,
    },
}
