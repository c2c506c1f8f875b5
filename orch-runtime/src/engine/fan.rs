//! A fan-out under way: which items have started, and how they ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::error::NodeError;
use orch_core::plan::Tolerance;

use super::frame::Frame;

/// A fan-out under way.
#[derive(Debug)]
pub(crate) struct Fan {
    pub(crate) frame: Arc<Frame>,
    pub(crate) node: usize,
    total: usize,
    limit: usize,
    tolerate: Option<Tolerance>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: usize,
    running: usize,
    failed: usize,
    /// Whether it stands in the ready queue.
    queued: bool,
    /// No further item starts.
    closed: bool,
    items: Vec<Option<Result<Arc<Frame>, NodeError>>>,
}

/// What follows from an item's end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Other items are under way.
    Nothing,
    /// There is room for another item: the fan belongs into the ready queue again.
    Queue,
    /// All items have ended.
    Over,
}

impl Fan {
    pub(crate) fn new(
        frame: Arc<Frame>,
        node: usize,
        total: usize,
        limit: Option<u32>,
        tolerate: Option<Tolerance>,
    ) -> Self {
        Self {
            frame,
            node,
            total,
            limit: limit.map_or(usize::MAX, |limit| limit as usize),
            tolerate,
            state: Mutex::new(State {
                next: 0,
                running: 0,
                failed: 0,
                queued: true,
                closed: false,
                items: Vec::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tolerates(&self) -> bool {
        self.tolerate.is_some()
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// The next item to start, and whether more may start after it.
    pub(crate) fn next(&self) -> (Option<usize>, bool) {
        let mut state = self.state();
        if state.closed || state.next >= self.total || state.running >= self.limit {
            state.queued = false;
            return (None, false);
        }
        let idx = state.next;
        state.next += 1;
        state.running += 1;
        let more = state.next < self.total && state.running < self.limit;
        state.queued = more;
        (Some(idx), more)
    }

    /// Lets no further item start; says whether none is under way.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.state();
        let first = !state.closed;
        state.closed = true;
        first && state.running == 0 && state.next < self.total
    }

    /// An item has ended.
    pub(crate) fn ended(
        &self,
        idx: usize,
        result: Result<Arc<Frame>, NodeError>,
        stopping: bool,
    ) -> After {
        let mut state = self.state();
        state.running -= 1;
        if result.is_err() {
            state.failed += 1;
            let allowed = self
                .tolerate
                .is_some_and(|tolerance| tolerance.allows(state.failed, self.total));
            state.closed |= !allowed;
        }
        state.closed |= stopping;
        if state.items.is_empty() {
            state.items.resize_with(self.total, || None);
        }
        state.items[idx] = Some(result);
        if state.next < self.total && !state.closed {
            if state.queued {
                return After::Nothing;
            }
            state.queued = true;
            return After::Queue;
        }
        if state.running == 0 {
            After::Over
        } else {
            After::Nothing
        }
    }

    /// How the items ended, once all have: the frames, or what failed.
    pub(crate) fn outcome(&self) -> Outcome {
        let mut state = self.state();
        let failed = state.failed;
        let tolerated = self
            .tolerate
            .is_some_and(|tolerance| tolerance.allows(failed, self.total));
        let unstarted = state.items.iter().any(Option::is_none) && self.total > 0;
        let items = std::mem::take(&mut state.items);
        if unstarted || state.next < self.total || (failed > 0 && !tolerated) {
            let errors = items
                .into_iter()
                .flatten()
                .filter_map(Result::err)
                .collect();
            return Outcome::Failed { errors, failed };
        }
        Outcome::Done(items.into_iter().flatten().collect())
    }

    /// Lets go of the items, which hold the fan in turn.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.closed = true;
        state.items = Vec::new();
    }
}

/// How a fan-out ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// As many items as there are, each with its frame or a tolerated error.
    Done(Vec<Result<Arc<Frame>, NodeError>>),
    /// More failed than is tolerated, or some never started.
    Failed {
        errors: Vec<NodeError>,
        failed: usize,
    },
}
