//! Durable runs of one orchestrator: who drives them, who waits for them, and what wakes them.
//!
//! A durable run is driven by one task of the orchestrator that [holds](crate::store::Held) it, for as long as it can
//! go on. When all that is left of it is waiting, it is let go of: nothing of it is in memory, and the store knows
//! when it is ready again. A [supervisor] takes up what is ready; it sleeps until the next run is, or until somebody
//! stirs it.

mod clock;
mod kept;
mod live;
mod register;
mod retention;
#[cfg(feature = "schedule")]
mod schedule;
mod seat;
pub(crate) mod steer;
mod supervisor;
mod watchdog;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use orch_core::run::{RunId, RunStatus};
use tokio::sync::Notify;

pub(crate) use self::clock::Clock;
use self::kept::Told;
pub(crate) use self::kept::{Kept, Waiter};
use self::live::Resume;
pub(crate) use self::live::{Beginning, begin};
use self::retention::Ages;
pub(crate) use self::seat::Seat;
pub(crate) use self::watchdog::Watchdog;
use crate::artifact::{Answering, Home, Keeper};
use crate::durable::millis;
use crate::engine::run::Run;
use crate::engine::{check_signal, check_value};
use crate::observe::{Outlets, tracing};
use crate::program::{Program, Restored, Workflow};
use crate::services::Services;
use crate::store::journal::{Journal, JournalError};
use crate::store::{
    Applied, Change, Held, History, Millis, OwnerId, RunKey, Store, StoreError, Woken,
};
use crate::veil::Veiled;

/// How many bytes of JSON a recorded value may have unless the orchestrator says otherwise: 256 KiB.
pub(crate) const VALUE_LIMIT: usize = 256 * 1024;

/// How many durable runs are under way at once unless the orchestrator says otherwise.
pub(crate) const ACTIVE_RUNS: usize = 1_000;

/// How long a run is left alone that could not be read, and a store that failed.
const UNREAD: std::time::Duration = std::time::Duration::from_secs(10);

/// What durable runs of one orchestrator share.
pub(crate) struct Durability {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) journal: Journal,
    pub(crate) owner: OwnerId,
    pub(crate) clock: Clock,
    pub(crate) value_limit: usize,
    /// The registered workflows, and how many of their runs may be under way.
    pub(crate) workflows: Arc<[(String, Option<u32>)]>,
    programs: HashMap<&'static str, Registered>,
    /// How many runs may be under way here.
    limit: usize,
    /// How long runs are kept after they ended, by how they did.
    retain: Ages,
    pub(crate) watchdog: Watchdog,
    active: AtomicUsize,
    /// Whether runs may be ready that nobody has taken up.
    more: AtomicBool,
    pub(crate) draining: AtomicBool,
    state: Mutex<State>,
    stirred: Notify,
    /// A run is no longer under way.
    left: Notify,
    /// Whether the store is read and written where that is asked for, by no thread of its own.
    direct: bool,
}

#[derive(Default)]
struct State {
    live: HashMap<RunKey, Arc<Run>>,
    waiters: HashMap<RunKey, Vec<Arc<Told>>>,
    /// Where the readers of runs are sent to, as long as there are readers or the run is under way here.
    outlets: HashMap<RunKey, Weak<Outlets>>,
}

impl State {
    /// Where a run's readers are sent to.
    fn outlets(&mut self, key: RunKey) -> Arc<Outlets> {
        if let Some(outlets) = self.outlets.get(&key).and_then(Weak::upgrade) {
            return outlets;
        }
        if self.outlets.len() > 64 + 2 * (self.live.len() + self.waiters.len()) {
            self.outlets.retain(|_, outlets| outlets.strong_count() > 0);
        }
        let outlets = Arc::default();
        self.outlets.insert(key, Arc::downgrade(&outlets));
        outlets
    }
}

/// A workflow whose runs are taken up.
#[derive(Clone, Copy)]
pub(crate) struct Registered {
    pub(crate) program: &'static Program,
    resume: Resume,
    check_input: fn(&str) -> Restored,
    check_value: fn(&str, &str) -> Restored,
    check_signal: fn(&str, &str) -> Option<(usize, Restored)>,
    #[cfg(feature = "schedule")]
    start: schedule::Starter,
}

impl Registered {
    pub(crate) fn of<W: Workflow>() -> Self {
        Self {
            program: W::program(),
            resume: live::resume::<W>,
            check_input: |json| match W::codec() {
                Some(codec) => (codec.decode_input)(json).map(|_| ()),
                None => Ok(()),
            },
            check_value: check_value::<W>,
            check_signal: check_signal::<W>,
            #[cfg(feature = "schedule")]
            start: |services, id| {
                let none: Box<dyn std::any::Any> = Box::new(());
                let start = none
                    .downcast()
                    .ok()
                    .map(|input| crate::orchestrator::Start::<W>::new(services, *input).id(id));
                Box::pin(async move {
                    // The macro lets no workflow with inputs have a schedule.
                    match start {
                        Some(start) => start.await.map(|_| ()),
                        None => Ok(()),
                    }
                })
            },
        }
    }

    #[cfg(feature = "schedule")]
    fn scheduled(&self) -> Option<Result<schedule::Scheduled, String>> {
        schedule::Scheduled::of(self.program.spec, self.start)
    }

    /// Whether a run of the workflow takes this.
    pub(crate) fn check_input(&self, json: &str) -> Restored {
        (self.check_input)(json)
    }

    /// Whether the node of this path waits for a signal that carries such a value, and how many fan-outs are around it;
    /// `None` if it waits for none.
    pub(crate) fn check_signal(&self, node: &str, json: &str) -> Option<(usize, Restored)> {
        (self.check_signal)(node, json)
    }

    /// Whether the node of this path gives such a value.
    pub(crate) fn check_value(&self, node: &str, json: &str) -> Restored {
        (self.check_value)(node, json)
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program.spec.name)
    }
}

impl fmt::Debug for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Durability")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// What an orchestrator was configured with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) value_limit: usize,
    pub(crate) active_runs: usize,
    /// How long runs are kept after they ended, by how they did.
    pub(crate) retain: Ages,
    /// How long a run stands still before that is told, where its workflow does not say.
    pub(crate) stuck_after: Option<std::time::Duration>,
    /// Whether changes are committed where they are submitted, by no thread of their own.
    pub(crate) direct: bool,
}

/// A task, as supervisors begin it.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Durability {
    /// Joins a store. Blocks.
    pub(crate) fn join(
        settings: Settings,
        programs: HashMap<&'static str, Registered>,
    ) -> Result<Arc<Self>, Vec<String>> {
        let Settings {
            store,
            clock,
            value_limit,
            active_runs,
            retain,
            stuck_after,
            direct,
        } = settings;
        let slot: Arc<std::sync::OnceLock<Weak<Self>>> = Arc::default();
        let woken = Arc::clone(&slot);
        let owner = store.join(Arc::new(move |why| {
            if let Some(durability) = woken.get().and_then(Weak::upgrade) {
                durability.woken(why);
            }
        }));
        let owner = owner.map_err(|error| vec![format!("its store cannot be joined: {error}")])?;
        register::all(&*store, programs.values())?;
        #[cfg(feature = "schedule")]
        schedule::possible(&programs)?;
        let journal = if direct {
            Journal::direct(Arc::clone(&store))
        } else {
            Journal::new(Arc::clone(&store))
        };
        let workflows = programs.values().map(|registered| {
            let spec = registered.program.spec;
            (spec.name.to_owned(), spec.max_active_runs)
        });
        let durability = Arc::new(Self {
            journal,
            store,
            owner,
            clock,
            value_limit,
            workflows: workflows.collect(),
            programs,
            limit: active_runs,
            retain,
            watchdog: Watchdog::new(stuck_after),
            active: AtomicUsize::new(0),
            more: AtomicBool::new(true),
            draining: AtomicBool::new(false),
            state: Mutex::default(),
            stirred: Notify::new(),
            left: Notify::new(),
            direct,
        });
        // Nobody else knows the slot yet.
        let _ = slot.set(Arc::downgrade(&durability));
        Ok(durability)
    }

    /// Begins to take up what is ready.
    pub(crate) fn supervise(
        self: &Arc<Self>,
        services: &Veiled<Services>,
    ) -> Vec<tokio::task::AbortHandle> {
        let supervisor = supervisor::supervise(Arc::clone(self), services.downgrade());
        let mut tasks: Vec<Task> = vec![Box::pin(supervisor)];
        if self.limit > 0 {
            let watched = watchdog::keep(Arc::clone(self));
            tasks.push(Box::pin(watched));
        }
        if !self.retain.is_empty() {
            let kept = retention::keep(self.retain.clone(), Arc::clone(self));
            tasks.push(Box::pin(kept));
        }
        #[cfg(feature = "schedule")]
        if self.limit > 0 {
            for registered in self.programs.values() {
                // What is wrong with a schedule was found when the store was joined.
                if let Some(Ok(scheduled)) = registered.scheduled() {
                    let (durability, services) = (Arc::clone(self), services.downgrade());
                    let kept = schedule::keep(scheduled, durability, services);
                    tasks.push(Box::pin(kept));
                }
            }
        }
        let begun = |task| tokio::spawn(task).abort_handle();
        tasks.into_iter().map(begun).collect()
    }

    /// Where what a run's values refer to is kept.
    pub(crate) fn home(self: &Arc<Self>, run: RunKey) -> Home {
        let keeper: Weak<Self> = Arc::downgrade(self);
        Home::new(keeper, run)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn registered(&self, workflow: &str) -> Option<Registered> {
        self.programs.get(workflow).copied()
    }

    fn woken(&self, why: Woken) {
        match why {
            Woken::Signal(run) => self.signalled(run),
            Woken::Over(run) => self.may_be_over(run),
            Woken::Ready => self.stir(),
            Woken::Anything => {
                let state = self.state();
                let live: Vec<RunKey> = state.live.keys().copied().collect();
                let waited_for: Vec<RunKey> = state.waiters.keys().copied().collect();
                drop(state);
                live.into_iter().for_each(|run| self.signalled(run));
                waited_for.into_iter().for_each(|run| self.may_be_over(run));
                self.stir();
            }
        }
    }

    /// Lets the supervisor look for what is ready.
    pub(crate) fn stir(&self) {
        self.more.store(true, Ordering::Release);
        self.stirred.notify_one();
    }

    /// A run of a workflow is no longer under way here, which may leave room for another of them.
    fn made_room<W: Workflow>(&self) {
        if W::SPEC.max_active_runs.is_some() {
            self.stir();
        }
    }

    /// A run got a signal: it is given to the run if that is under way here.
    pub(crate) fn signalled(&self, key: RunKey) {
        let live = self.state().live.get(&key).cloned();
        let Some(run) = live else {
            return self.stir();
        };
        if let Some(record) = &run.journal {
            let after = record.mailbox.seen();
            match self.store.signals(key, after) {
                Ok(signals) => {
                    // Before whoever asked goes on, so that a run that was paused begins nothing after that.
                    steer::signal(&run, signals);
                    record.stirred.notify_one();
                }
                Err(error) => {
                    tracing::error!(target: "orch", event = "signals_unread", execution_id = %run.id(), %error);
                }
            }
        }
    }

    /// What was recorded of a run that is held.
    async fn read(&self, held: Held) -> Option<History> {
        let read = self.journal.ask(move |store| store.load(held.run)).await;
        known(held, read)
    }

    /// The same as [`signalled`](Self::signalled), where blocking is not allowed.
    pub(crate) async fn signalled_here(self: &Arc<Self>, key: RunKey) {
        if self.live(key).is_none() {
            return self.stir();
        }
        let durability = Arc::clone(self);
        if self.direct {
            return durability.signalled(key);
        }
        // It is signalled when whoever sent the signal goes on.
        let _ = tokio::task::spawn_blocking(move || durability.signalled(key)).await;
    }

    /// Lets go of a run that cannot be read: it is taken up again when that may have changed.
    async fn put_off(&self, held: Held) {
        let change = Change::Suspend {
            held,
            entries: Vec::new(),
            status: RunStatus::Queued,
            ready_at: Some(self.after(UNREAD)),
            seen: i64::MAX,
            reason: Some("what was recorded of it could not be read".to_owned()),
        };
        // A store that cannot be written either lets go of it with its owner.
        let _ = self.journal.submit(change).await;
        self.stir();
    }

    /// Lets go of all runs, after the steps that have begun; gives how many had steps that did not finish in time.
    pub(crate) async fn shut_down(&self, limit: std::time::Duration) -> usize {
        self.draining.store(true, Ordering::Release);
        for run in self.all_live() {
            if let Some(record) = &run.journal {
                record.leave(crate::engine::record::Left::Released);
            }
        }
        let in_time = tokio::time::timeout(limit, self.drained()).await.is_ok();
        let late = if in_time { Vec::new() } else { self.all_live() };
        let count = late.len();
        for run in late {
            if let Some(record) = &run.journal {
                record.release_now();
            }
        }
        self.drained().await;
        self.journal.close().await;
        self.dismiss();
        if let Err(error) = self.store.leave(self.owner) {
            tracing::warn!(target: "orch", event = "store_not_left", %error);
        }
        count
    }

    /// A run is under way here.
    fn enter(&self, key: RunKey, run: &Arc<Run>) {
        self.state().live.insert(key, Arc::clone(run));
        self.watchdog.entered(run);
    }

    fn exit(&self, key: RunKey) {
        self.state().live.remove(&key);
    }

    /// The run of this number, if it is under way here.
    pub(crate) fn live(&self, key: RunKey) -> Option<Arc<Run>> {
        self.state().live.get(&key).cloned()
    }

    /// Every run that is under way here.
    pub(crate) fn all_live(&self) -> Vec<Arc<Run>> {
        self.state().live.values().cloned().collect()
    }

    /// Whether runs may be under way here at all.
    pub(crate) fn drives(&self) -> bool {
        self.limit > 0
    }

    /// How many more runs may be under way.
    fn room(&self) -> usize {
        if self.draining.load(Ordering::Acquire) {
            return 0;
        }
        self.limit
            .saturating_sub(self.active.load(Ordering::Acquire))
    }

    /// Whether there is room for more runs than are under way.
    pub(crate) fn has_ample_room(&self) -> bool {
        self.room() > self.limit / 2
    }

    /// Room for one more run, if there is any.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Seat> {
        if self.draining.load(Ordering::Acquire) {
            return None;
        }
        let taken = self
            .active
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |active| {
                (active < self.limit).then_some(active + 1)
            });
        taken.is_ok().then(|| Seat::new(self, None))
    }

    /// Waits until nothing is under way.
    pub(crate) async fn drained(&self) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if self.active.load(Ordering::Acquire) == 0 {
                return;
            }
            left.await;
        }
    }

    /// Someone waits for a run's end, which is not there yet or is [looked for](Waiter::hint).
    pub(crate) fn wait_for(self: &Arc<Self>, key: RunKey, id: &RunId) -> Waiter {
        let mut state = self.state();
        let told = Arc::new(Told::new(id, state.outlets(key)));
        state
            .waiters
            .entry(key)
            .or_default()
            .push(Arc::clone(&told));
        drop(state);
        Waiter::new(Arc::clone(self), key, told)
    }

    /// Where a run's readers are sent to.
    fn outlets(&self, key: RunKey) -> Arc<Outlets> {
        self.state().outlets(key)
    }

    /// Somebody waits for a run's end no longer.
    fn no_longer_waits(&self, key: RunKey, told: &Arc<Told>) {
        let mut state = self.state();
        if let Some(waiters) = state.waiters.get_mut(&key) {
            waiters.retain(|other| !Arc::ptr_eq(other, told));
            if waiters.is_empty() {
                state.waiters.remove(&key);
            }
        }
    }

    /// A run has ended, or goes on no longer: whoever waits for it is told.
    fn ended(&self, key: RunKey, kept: &Arc<Kept>) {
        let mut state = self.state();
        let waiters = state.waiters.remove(&key);
        state.outlets.remove(&key);
        drop(state);
        for waiter in waiters.into_iter().flatten() {
            waiter.tell(Arc::clone(kept));
        }
    }

    /// A run may have ended elsewhere: it is looked for, for whoever waits for it.
    fn may_be_over(&self, key: RunKey) {
        let state = self.state();
        if state.live.contains_key(&key) {
            return;
        }
        let waiters = state.waiters.get(&key).cloned().unwrap_or_default();
        drop(state);
        let Some(told) = waiters.first() else { return };
        match self.store.find(told.id()) {
            Ok(record) => {
                if let Some(kept) = Kept::found(key, record.as_ref()) {
                    self.ended(key, &Arc::new(kept));
                }
            }
            // They look again themselves.
            Err(_) => waiters.iter().for_each(|waiter| waiter.hint()),
        }
    }

    /// Tells whoever still waits for a run that it does not go on here.
    fn dismiss(&self) {
        let waiters = std::mem::take(&mut self.state().waiters);
        let kept = Arc::new(Kept::shut_down());
        for waiter in waiters.into_values().flatten() {
            waiter.tell(Arc::clone(&kept));
        }
    }

    /// The time from now on in this many milliseconds.
    pub(crate) fn after(&self, span: std::time::Duration) -> Millis {
        self.clock.now().saturating_add(millis(span))
    }
}

impl Keeper for Durability {
    fn read(&self, digest: Arc<str>) -> Answering<'_, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(self.journal.artifact(digest.as_ref().to_owned()))
    }

    fn commit(&self, change: Change) -> Answering<'_, Result<Applied, JournalError>> {
        Box::pin(self.journal.submit(change))
    }
}

/// What was read of a run that is held; that it could not be read is said.
fn known(held: Held, read: Result<Option<History>, StoreError>) -> Option<History> {
    read.unwrap_or_else(|error| {
        tracing::error!(target: "orch", event = "run_unread", run = held.run.0, %error);
        None
    })
}
