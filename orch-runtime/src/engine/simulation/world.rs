//! What survives the processes of a simulation: what steps did, and a store that a process may die at.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch_core::error::Cause;
use orch_core::policy::Retry;
use orch_core::run::{RunId, RunStatus};
use tokio::sync::Notify;

use super::graph::{Does, Fate, Node};
use crate::ctx::StepCtx;
use crate::program::{Thrown, ThrownError};
use crate::store::{
    Applied, Change, EntryKind, Filter, History, Json, Memory, Millis, OwnerId, Refused, RunKey,
    RunRecord, SignalRecord, Store, StoreError, StoreErrorKind, Wake,
};

/// Something that happened, in the order in which it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Happened {
    Began(String),
    Gave(String),
    Failed(String),
    Undid(String),
    /// An entry is kept of this node.
    Recorded(EntryKind, String),
    Killed,
}

/// When the process is killed, counted in commits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kill {
    pub(super) commits: u64,
    pub(super) before: bool,
}

#[derive(Debug, Default)]
struct State {
    kill: Option<Kill>,
    dead: bool,
    log: Vec<Happened>,
}

/// A world; its clones are handles of one.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) memory: Memory,
    state: Arc<Mutex<State>>,
    pub(super) died: Arc<Notify>,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// What a step panics with that is to.
pub(super) struct Planned;

impl World {
    pub(super) fn install(&self) {
        WORLD.set(Some(self.clone()));
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A process begins, to be killed then.
    pub(super) fn begin(&self, kill: Option<Kill>) {
        let mut state = self.state();
        state.kill = kill;
        state.dead = false;
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state().dead
    }

    pub(super) fn log(&self) -> Vec<Happened> {
        self.state().log.clone()
    }

    async fn note(&self, what: Happened) {
        if self.is_dead() {
            // A process that was killed does nothing.
            std::future::pending::<()>().await;
        }
        self.state().log.push(what);
    }

    fn die(&self) -> StoreError {
        let mut state = self.state();
        if !state.dead {
            state.dead = true;
            state.log.push(Happened::Killed);
            self.died.notify_one();
        }
        StoreError::new(StoreErrorKind::Io, "the process was killed")
    }
}

/// A step is called, or undone; gives its value, unless it was undone.
pub(super) async fn called(ctx: &StepCtx, node: &Node, read: u64) -> Result<Option<u64>, Thrown> {
    let world = WORLD.with_borrow(Clone::clone).unwrap();
    let Does::Call { fate, takes, .. } = node.does else {
        return Ok(Some(0));
    };
    let key = ctx.idempotency_key();
    let takes = Duration::from_millis(takes);
    if let Some(key) = key.strip_suffix("~undo") {
        tokio::time::sleep(takes).await;
        world.note(Happened::Undid(key.to_owned())).await;
        return Ok(None);
    }
    world.note(Happened::Began(key.clone())).await;
    tokio::time::sleep(takes).await;
    let failed = match fate {
        Fate::Gives => false,
        Fate::Stumbles => ctx.attempt() == 1,
        Fate::Fails | Fate::Panics => true,
    };
    if !failed {
        world.note(Happened::Gave(key)).await;
        return Ok(Some(super::model::value(node, &ctx.items(), read)));
    }
    world.note(Happened::Failed(key)).await;
    if fate == Fate::Panics {
        std::panic::panic_any(Planned);
    }
    let mut thrown = Thrown::from(ThrownError::of(Cause::any("it was to fail")));
    thrown.retry = Retry::Yes;
    Err(thrown)
}

impl Store for World {
    fn join(&self, wake: Wake) -> Result<OwnerId, StoreError> {
        self.memory.join(wake)
    }

    fn leave(&self, owner: OwnerId) -> Result<(), StoreError> {
        self.memory.leave(owner)
    }

    fn commit(&self, changes: &[Change]) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
        let mut now = None;
        {
            let mut state = self.state();
            if state.dead {
                drop(state);
                return Err(self.die());
            }
            if let Some(kill) = &mut state.kill {
                if kill.commits == 0 {
                    now = Some(kill.before);
                } else {
                    kill.commits -= 1;
                }
            }
        }
        if now == Some(true) {
            return Err(self.die());
        }
        let answers = self.memory.commit(changes)?;
        for (change, answer) in changes.iter().zip(&answers) {
            if let (Change::Record { entries, .. }, Ok(_)) = (change, answer) {
                let recorded = entries
                    .iter()
                    .map(|entry| Happened::Recorded(entry.kind, entry.node.clone()));
                self.state().log.extend(recorded);
            }
        }
        if now == Some(false) {
            return Err(self.die());
        }
        Ok(answers)
    }

    fn find(&self, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        self.memory.find(id)
    }

    fn load(&self, run: RunKey) -> Result<Option<History>, StoreError> {
        self.memory.load(run)
    }

    fn signals(&self, run: RunKey, after: i64) -> Result<Vec<SignalRecord>, StoreError> {
        self.memory.signals(run, after)
    }

    fn list(&self, filter: &Filter) -> Result<Vec<RunRecord>, StoreError> {
        self.memory.list(filter)
    }

    fn next_ready(
        &self,
        workflows: &[(String, Option<u32>)],
    ) -> Result<Option<Millis>, StoreError> {
        self.memory.next_ready(workflows)
    }

    fn first_ended(&self, status: RunStatus, since: Millis) -> Result<Option<Millis>, StoreError> {
        self.memory.first_ended(status, since)
    }

    fn get(&self, space: &str, key: &str, now: Millis) -> Result<Option<Json>, StoreError> {
        self.memory.get(space, key, now)
    }

    fn scan(&self, space: &str, now: Millis) -> Result<Vec<(String, Json)>, StoreError> {
        self.memory.scan(space, now)
    }

    fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.memory.artifact(digest)
    }
}
