//! What is ready, and the room in which what follows is worked out.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;

use orch_core::schedule::{Command, Event};
use tokio::time::Instant;

use super::fan::Fan;
use super::frame::Frame;
use super::run::Run;
use crate::observe::Queued;

/// Something that is ready.
#[derive(Debug)]
pub(crate) enum Job {
    /// Call this node's step; with its place in the queue, where somebody listens.
    Call(Arc<Frame>, usize, Option<Queued>),
    /// Evaluate the head of this `for` or branch.
    Head(Arc<Frame>, usize),
    /// Start an item.
    Fan(Arc<Fan>),
    /// Gather the items.
    Collect(Arc<Fan>),
    /// Hand an arm's value to its branch.
    Close(Arc<Frame>),
    /// Undo what the run has done, should it not succeed.
    Undo(Arc<Frame>),
}

/// What is ready and known to one strand alone, and room to work out what follows.
#[derive(Debug)]
pub(crate) struct Jobs<'a> {
    /// The run that all of it is about.
    pub(crate) run: &'a Arc<Run>,
    pub(crate) ready: VecDeque<Job>,
    pub(crate) events: Vec<(Arc<Frame>, Event)>,
    pub(crate) commands: Vec<Command>,
    /// What the clock said when the node ended from whose end all this follows, if somebody asked.
    pub(crate) now: Option<Instant>,
}

thread_local! {
    /// The room of a strand that has ended, for the next one of this thread: a small run would take as long to get its own
    /// as for one of its nodes.
    static ROOM: Cell<Option<Room>> = const { Cell::new(None) };
}

type Room = (VecDeque<Job>, Vec<(Arc<Frame>, Event)>, Vec<Command>);

/// How many commands there is room for, at most, in what is kept for the next strand.
const KEPT: usize = 256;

impl<'a> Jobs<'a> {
    /// Room for a run's jobs.
    pub(crate) fn of(run: &'a Arc<Run>) -> Self {
        let (ready, events, commands) =
            ROOM.try_with(Cell::take).ok().flatten().unwrap_or_default();
        Self {
            run,
            ready,
            events,
            commands,
            now: None,
        }
    }
}

impl Jobs<'_> {
    /// A call that is ready, in its place in the queue.
    #[inline]
    pub(crate) fn queued(&self, frame: Arc<Frame>, node: usize) -> Job {
        let observer = self.run.observer.as_ref();
        let queued = observer.and_then(|observer| observer.node_queued(self.now));
        Job::Call(frame, node, queued)
    }
}

impl Drop for Jobs<'_> {
    fn drop(&mut self) {
        let small = self.ready.capacity() <= KEPT && self.commands.capacity() <= KEPT;
        if small && self.ready.is_empty() && self.events.is_empty() {
            self.commands.clear();
            let room = (
                std::mem::take(&mut self.ready),
                std::mem::take(&mut self.events),
                std::mem::take(&mut self.commands),
            );
            // A thread that ends keeps nothing.
            let _ = ROOM.try_with(|kept| kept.set(Some(room)));
        }
    }
}
