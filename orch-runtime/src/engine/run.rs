//! What all frames of one run share.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use orch_core::error::{NodeError, Place};
use orch_core::plan::OnFailure;
use orch_core::run::RunId;
use orch_core::schedule::Stop;
use tokio::sync::{Notify, Semaphore};

use super::frame::Frame;
use super::jobs::Job;
use super::mailbox::Mailbox;
use super::record::Record;
use super::undo::Undo;
use crate::artifact::{Blob, restoring};
use crate::ids;
use crate::observe::Observer;
use crate::program::Program;
use crate::services::RunServices;
use crate::veil::Veiled;

const GOING: u8 = 0;
const FAILING: u8 = 1;
const CANCELLED: u8 = 2;

/// What all frames of one run share.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) program: &'static Program,
    pub(crate) services: RunServices,
    id: OnceLock<RunId>,
    correlation_id: OnceLock<Arc<str>>,
    /// Nodes that are ready and that no strand has taken.
    ready: Mutex<VecDeque<Job>>,
    /// How many stand in `ready`, so that nobody locks it to find it empty.
    waiting: AtomicUsize,
    /// Tasks of this run's beside the first one.
    pub(crate) strands: AtomicUsize,
    /// Those among them that help on other cores.
    pub(crate) helpers: AtomicUsize,
    stop: AtomicU8,
    /// Wakes what runs when it is to stop.
    pub(crate) stopped: Notify,
    finished: AtomicBool,
    pub(crate) finishing: Notify,
    /// Bounds how many attempts of this run are under way.
    pub(crate) slots: Option<Arc<Semaphore>>,
    /// `None` where nobody listens.
    pub(crate) observer: Option<Veiled<Observer>>,
    /// `None` of a run that is not durable.
    pub(crate) journal: Option<Veiled<Record>>,
    /// Whether it is decided that nothing is undone.
    succeeded: AtomicBool,
    /// Whether even a plain call is made under what the orchestrator or the workflow asks for.
    pub(crate) bounds_calls: bool,
    /// Made when something asks for it: making room for all of it takes about as long as a node.
    rare: OnceLock<Box<Rare>>,
}

/// What most runs never have.
#[derive(Debug, Default)]
struct Rare {
    halted: OnceLock<Halt>,
    /// Failures that nobody consumed, in the order in which they happened.
    errors: Mutex<Vec<NodeError>>,
    /// What may have to be undone.
    undos: Mutex<Vec<Undo>>,
    /// How many runs inside this one clean up whose futures were dropped.
    ending: AtomicUsize,
    /// Wakes who waits for them.
    ended: Notify,
    /// What values of a run that is not durable refer to that are in JSON until they are wanted.
    shelf: Mutex<Vec<Blob>>,
    /// The signals of a run that is not durable.
    mailbox: OnceLock<Veiled<Mailbox>>,
}

/// Why a run was stopped from outside.
#[derive(Debug, Clone)]
pub(crate) enum Halt {
    /// Somebody cancelled it.
    Cancelled(String),
    /// Its deadline passed.
    TimedOut(String),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run {
    pub(crate) fn new(
        program: &'static Program,
        services: RunServices,
        id: Option<RunId>,
        correlation_id: Option<Arc<str>>,
        observer: Option<Veiled<Observer>>,
    ) -> Self {
        Self {
            bounds_calls: program.spec.concurrency.is_some() || services.meddle(),
            program,
            services,
            id: id.map_or_else(OnceLock::new, OnceLock::from),
            correlation_id: correlation_id.map_or_else(OnceLock::new, OnceLock::from),
            ready: Mutex::default(),
            waiting: AtomicUsize::new(0),
            strands: AtomicUsize::new(0),
            helpers: AtomicUsize::new(0),
            stop: AtomicU8::new(GOING),
            stopped: Notify::new(),
            finished: AtomicBool::new(false),
            finishing: Notify::new(),
            slots: program
                .spec
                .concurrency
                .map(|max| Arc::new(Semaphore::new(max as usize))),
            observer,
            journal: None,
            succeeded: AtomicBool::new(false),
            rare: OnceLock::new(),
        }
    }

    fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// The signals that nobody has taken.
    pub(crate) fn mailbox(&self) -> &Mailbox {
        match &self.journal {
            Some(record) => record.mailbox(),
            None => self
                .rare()
                .mailbox
                .get_or_init(|| Veiled::new(Mailbox::default())),
        }
    }

    /// What signals for a node are named.
    pub(crate) fn signal_name(&self, frame: &Frame, node: usize) -> String {
        match &self.journal {
            Some(record) => record.instance(frame, node),
            None => frame.instance(node),
        }
    }

    /// Has what a value refers to that is kept as JSON in a run that is not durable.
    pub(crate) fn shelve(&self, refers: Vec<Blob>) {
        if !refers.is_empty() {
            lock(&self.rare().shelf).extend(refers);
        }
    }

    /// Takes a value of the run out of JSON.
    pub(crate) fn restoring<R>(&self, deserialize: impl FnOnce() -> R) -> R {
        let (home, known) = match &self.journal {
            Some(record) => (Some(record.home()), Vec::new()),
            None => {
                let rare = self.rare.get();
                let known = rare.map_or_else(Vec::new, |rare| lock(&rare.shelf).clone());
                (None, known)
            }
        };
        restoring(home, known, deserialize)
    }

    /// Whether nothing of the run goes on here, as it was let go of.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.journal
            .as_ref()
            .is_some_and(|record| record.is_abandoned())
    }

    /// Whether it goes over its history again, in which nothing happens that has not happened before.
    pub(crate) fn is_retracing(&self) -> bool {
        let record = self.journal.as_ref();
        record.is_some_and(|record| record.is_retracing())
    }

    /// Lets go of a run that has not ended: nothing of it goes on here.
    pub(crate) fn abandon(&self) {
        if let Some(record) = &self.journal {
            record.abandon();
        }
        self.cancel_nodes();
    }

    /// Where a call that ends now stands among those that may have to be undone: by number in the history of a run that
    /// has one, which may be gone over in another order; otherwise by when it is remembered.
    pub(crate) fn undo_order(&self) -> i64 {
        let record = self.journal.as_ref();
        record.map_or(0, |record| record.next_seq())
    }

    /// Remembers what may have to be undone.
    pub(crate) fn to_undo(&self, undo: Undo) {
        lock(&self.rare().undos).push(undo);
    }

    /// Whether a call may have to be undone.
    pub(crate) fn has_undos(&self) -> bool {
        let rare = self.rare.get();
        rare.is_some_and(|rare| !lock(&rare.undos).is_empty())
    }

    /// Puts what is to be undone in order, what ended last at the end; gives whether there is anything.
    pub(super) fn order_undos(&self) -> bool {
        let Some(rare) = self.rare.get() else {
            return false;
        };
        let mut undos = lock(&rare.undos);
        undos.sort_by_key(|undo| undo.order);
        !undos.is_empty()
    }

    /// What is to be undone next, and where it is until it is [forgotten](Self::forget_undo).
    pub(super) fn last_undo(&self) -> Option<(usize, Undo)> {
        let undos = lock(&self.rare.get()?.undos);
        let last = undos.last()?.clone();
        Some((undos.len() - 1, last))
    }

    /// It is undone; nothing is there any more of a run that was let go of meanwhile.
    pub(super) fn forget_undo(&self, at: usize) {
        let mut undos = lock(&self.rare().undos);
        if at < undos.len() {
            undos.remove(at);
        }
    }

    /// Takes over what a run inside this one has done and has not undone itself.
    pub(crate) fn undo_after(&self, inside: &Self) {
        let undos = inside.take_undos();
        if undos.is_empty() {
            return;
        }
        lock(&self.rare().undos).extend(undos);
    }

    pub(crate) fn take_undos(&self) -> Vec<Undo> {
        let rare = self.rare.get();
        rare.map_or_else(Vec::new, |rare| std::mem::take(&mut *lock(&rare.undos)))
    }

    /// A run inside this one was dropped and cleans up, until [it has ended](Self::one_inside_has_ended).
    pub(super) fn one_inside_ends(&self) {
        self.rare().ending.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn one_inside_has_ended(&self) {
        let rare = self.rare();
        rare.ending.fetch_sub(1, Ordering::Release);
        rare.ended.notify_waiters();
    }

    /// Whether runs inside this one were dropped and have not cleaned up yet.
    pub(super) fn has_some_ending(&self) -> bool {
        let rare = self.rare.get();
        rare.is_some_and(|rare| rare.ending.load(Ordering::Acquire) > 0)
    }

    /// Waits until runs inside this one that were dropped have cleaned up.
    pub(super) async fn those_inside_have_ended(&self) {
        while self.has_some_ending() {
            let mut ended = pin!(self.rare().ended.notified());
            ended.as_mut().enable();
            if self.has_some_ending() {
                ended.await;
            }
        }
    }

    /// Undoing something failed.
    pub(crate) fn undo_failed(&self, error: NodeError) {
        if let Some(observer) = &self.observer {
            observer.undo_failed(self, &error);
        }
        lock(&self.rare().errors).push(error);
    }

    /// The run's id, given when it is first asked for.
    pub(crate) fn id(&self) -> &RunId {
        self.id.get_or_init(ids::run)
    }

    /// The run's id, if somebody asked for it or gave it one.
    pub(crate) fn known_id(&self) -> Option<&RunId> {
        self.id.get()
    }

    /// What ties this run to others; its own id unless somebody said otherwise.
    pub(crate) fn correlation_id(&self) -> &Arc<str> {
        self.correlation_id
            .get_or_init(|| self.id().as_str().into())
    }

    pub(crate) fn place(&self, frame: &Frame, node: usize, step: &'static str) -> Place {
        Place {
            run: self.id().clone(),
            workflow: self.program.spec.name,
            node: Arc::clone(&frame.layout.nodes[node].path),
            step,
            items: frame.items(),
        }
    }

    pub(crate) fn push(&self, jobs: impl Iterator<Item = Job>) {
        let mut ready = lock(&self.ready);
        ready.extend(jobs);
        self.waiting.store(ready.len(), Ordering::Release);
    }

    pub(crate) fn pop(&self) -> Option<Job> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut ready = lock(&self.ready);
        let job = ready.pop_front();
        self.waiting.store(ready.len(), Ordering::Release);
        job
    }

    pub(crate) fn has_ready(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// What may no longer start, before what a frame's place in the graph allows.
    ///
    /// While a history is gone over, nothing is stopped: what had begun is met again, whatever came after it.
    pub(crate) fn stop(&self) -> Option<Stop> {
        match self.stop.load(Ordering::Acquire) {
            GOING => None,
            _ if self.is_retracing() && !self.is_abandoned() => None,
            FAILING => Some(Stop::Failing),
            _ => Some(Stop::Cancelled),
        }
    }

    /// Stops the run from outside: running nodes are dropped, `finally` nodes still run.
    pub(crate) fn halt(&self, halt: Halt) {
        {
            // Whoever decides that nothing is undone holds this, so that the run is not stopped at the same time.
            let rare = self.rare();
            let _undos = lock(&rare.undos);
            let decided = self.succeeded.load(Ordering::Acquire);
            if decided || self.is_finished() || rare.halted.set(halt).is_err() {
                return;
            }
        }
        self.cancel_nodes();
    }

    /// Whether nothing is to be undone, as the run has succeeded but for its `finally` nodes: from then on it is too late
    /// to stop it.
    pub(crate) fn has_succeeded(&self, verdict: impl FnOnce() -> bool) -> bool {
        let _undos = lock(&self.rare().undos);
        let succeeded = self.halted().is_none() && verdict();
        self.succeeded.store(succeeded, Ordering::Release);
        succeeded
    }

    pub(crate) fn halted(&self) -> Option<&Halt> {
        self.rare.get()?.halted.get()
    }

    fn cancel_nodes(&self) {
        self.stop.store(CANCELLED, Ordering::Release);
        self.stopped.notify_waiters();
    }

    /// A failure that nobody consumes.
    pub(crate) fn fail(&self, error: NodeError) {
        lock(&self.rare().errors).push(error);
        match self.program.spec.on_failure {
            OnFailure::Cancel => self.cancel_nodes(),
            OnFailure::Finish => {
                self.stop.fetch_max(FAILING, Ordering::AcqRel);
            }
        }
    }

    pub(crate) fn errors(&self) -> Vec<NodeError> {
        let rare = self.rare.get();
        rare.map_or_else(Vec::new, |rare| lock(&rare.errors).clone())
    }

    pub(crate) fn finish(&self) {
        self.finished.store(true, Ordering::Release);
        // The strand that nobody counts is that of the task which waits for the end.
        if self.strands.load(Ordering::Relaxed) > 0 {
            self.finishing.notify_waiters();
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// Lets go of what holds the run in turn.
    pub(crate) fn clear(&self) {
        if self.has_ready() {
            lock(&self.ready).clear();
            self.waiting.store(0, Ordering::Release);
        }
        drop(self.take_undos());
    }
}
