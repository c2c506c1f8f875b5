//! Faults that follow from a seed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orch_core::error::Cause;
use orch_core::policy::Retry;
use orch_core::run::{RunId, RunStatus};

use crate::program::{Thrown, ThrownError};
use crate::store::{
    Applied, Change, Filter, History, Json, Millis, OwnerId, Refused, RunKey, RunRecord,
    SignalRecord, Store, StoreError, StoreErrorKind, Wake,
};

/// How often the same change kills at most, so that every run comes to its end.
const KILLS: u32 = 3;

/// What goes wrong in a test, and how often: the same for the same seed.
///
/// Whether something happens to a call follows from the seed, the node with its items and turn, and the attempt, and
/// from nothing that happens beside it.
/// Chances are from 0, never, to 1, always.
///
/// ```
/// use std::time::Duration;
/// use orch_runtime::testing::Faults;
///
/// let faults = Faults::seeded(7)
///     .fail("charge", 0.2)
///     .delay("parcels/pack", 0.5, Duration::from_secs(30))
///     .panic("label", 0.01)
///     .kill(0.1)
///     .unread(0.1);
/// ```
#[derive(Debug, Clone)]
pub struct Faults {
    seed: u64,
    calls: Vec<(String, Fault, f64)>,
    kill: f64,
    unread: f64,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Fail,
    Delay(Duration),
    Panic,
}

impl Faults {
    /// Nothing goes wrong yet.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            calls: Vec::new(),
            kill: 0.0,
            unread: 0.0,
        }
    }

    fn with(mut self, path: &str, fault: Fault, chance: f64) -> Self {
        self.calls.push((path.to_owned(), fault, chance));
        self
    }

    /// Lets attempts of the node of this path fail instead of being made; they are retried as others are.
    #[must_use]
    pub fn fail(self, path: &str, chance: f64) -> Self {
        self.with(path, Fault::Fail, chance)
    }

    /// Lets attempts of the node of this path wait before they are made, under the node's timeout.
    #[must_use]
    pub fn delay(self, path: &str, chance: f64, wait: Duration) -> Self {
        self.with(path, Fault::Delay(wait), chance)
    }

    /// Lets attempts of the node of this path panic instead of being made.
    #[must_use]
    pub fn panic(self, path: &str, chance: f64) -> Self {
        self.with(path, Fault::Panic, chance)
    }

    /// Kills the process, as far as durable runs can tell, when something of a run is about to be kept: in half of the
    /// cases before it is, in the other half after it. What is under way is dropped, and what was kept is taken up.
    ///
    /// The same change kills three times at most.
    #[must_use]
    pub fn kill(mut self, chance: f64) -> Self {
        self.kill = chance;
        self
    }

    /// Lets the store fail when it is asked what was recorded of a run that is taken up.
    #[must_use]
    pub fn unread(mut self, chance: f64) -> Self {
        self.unread = chance;
        self
    }

    /// Whether something happens that does so in this part of all cases.
    fn happens(&self, chance: f64, what: &str) -> bool {
        let mut digest = hmac_sha256::Hash::new();
        digest.update(self.seed.to_le_bytes());
        digest.update(what);
        let digest = digest.finalize();
        let mut drawn = [0; 4];
        drawn.copy_from_slice(&digest[..4]);
        f64::from(u32::from_le_bytes(drawn)) < chance * (f64::from(u32::MAX) + 1.0)
    }

    /// What happens to an attempt before it is made, of a call that this tells from others.
    pub(crate) async fn strike(&self, path: &str, call: &str, attempt: u32) -> Result<(), Thrown> {
        let here = self.calls.iter().enumerate();
        for (idx, (_, fault, chance)) in here.filter(|(_, (of, ..))| of == path) {
            if !self.happens(*chance, &format!("{idx} {call} {attempt}")) {
                continue;
            }
            match fault {
                Fault::Delay(wait) => tokio::time::sleep(*wait).await,
                Fault::Fail => {
                    return Err(Box::new(ThrownError {
                        retry: Retry::Yes,
                        falls_back: true,
                        ..ThrownError::of(Cause::any("a fault of the test"))
                    }));
                }
                Fault::Panic => std::panic::panic_any("a fault of the test".to_owned()),
            }
        }
        Ok(())
    }

    /// The store, as far as it lets them live and answers.
    pub(crate) fn before(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        if self.kill <= 0.0 && self.unread <= 0.0 {
            return store;
        }
        Arc::new(Mortal {
            faults: self.clone(),
            store,
            state: Mutex::default(),
        })
    }
}

/// A store whose callers die now and then, and that cannot be read now and then.
struct Mortal {
    faults: Faults,
    store: Arc<dyn Store>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    owners: Vec<OwnerId>,
    /// How often each change was tried, and how often it killed.
    tried: HashMap<String, (u32, u32)>,
    /// How often a run was read.
    read: u32,
}

impl fmt::Debug for Mortal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

/// What tells a change of a run from others; `None` of changes at which nobody dies.
fn name(change: &Change) -> Option<String> {
    match change {
        Change::Record { entries, .. } => {
            let names = entries
                .iter()
                .map(|entry| format!("{} {}", entry.node, entry.kind.as_str()));
            Some(names.collect::<Vec<_>>().join(", "))
        }
        Change::Suspend { .. } => Some("suspend".to_owned()),
        Change::End { .. } => Some("end".to_owned()),
        _ => None,
    }
}

impl Mortal {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody dies at these changes, and if so, whether they are kept before.
    fn dies(&self, changes: &[Change]) -> Option<bool> {
        let mut state = self.state();
        for name in changes.iter().filter_map(name) {
            let (tried, killed) = state.tried.entry(name.clone()).or_default();
            *tried += 1;
            let what = format!("kill {name} {tried}");
            if *killed < KILLS && self.faults.happens(self.faults.kill, &what) {
                *killed += 1;
                return Some(self.faults.happens(0.5, &format!("after {what}")));
            }
        }
        None
    }
}

impl Store for Mortal {
    fn join(&self, wake: Wake) -> Result<OwnerId, StoreError> {
        let owner = self.store.join(wake)?;
        self.state().owners.push(owner);
        Ok(owner)
    }

    fn leave(&self, owner: OwnerId) -> Result<(), StoreError> {
        self.store.leave(owner)
    }

    fn commit(&self, changes: &[Change]) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
        let Some(kept) = self.dies(changes) else {
            return self.store.commit(changes);
        };
        if kept {
            self.store.commit(changes)?;
        }
        let owners = self.state().owners.clone();
        let released = owners
            .into_iter()
            .map(|owner| Change::Release { owner, now: 0 });
        self.store.commit(&released.collect::<Vec<_>>())?;
        let what = "the process was killed, by a fault of the test";
        Err(StoreError::new(StoreErrorKind::Io, what))
    }

    fn find(&self, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        self.store.find(id)
    }

    fn load(&self, run: RunKey) -> Result<Option<History>, StoreError> {
        let mut state = self.state();
        state.read += 1;
        if self
            .faults
            .happens(self.faults.unread, &format!("read {}", state.read))
        {
            let what = "the disk cannot be read, by a fault of the test";
            return Err(StoreError::new(StoreErrorKind::Io, what));
        }
        drop(state);
        self.store.load(run)
    }

    fn signals(&self, run: RunKey, after: i64) -> Result<Vec<SignalRecord>, StoreError> {
        self.store.signals(run, after)
    }

    fn list(&self, filter: &Filter) -> Result<Vec<RunRecord>, StoreError> {
        self.store.list(filter)
    }

    fn next_ready(
        &self,
        workflows: &[(String, Option<u32>)],
    ) -> Result<Option<Millis>, StoreError> {
        self.store.next_ready(workflows)
    }

    fn first_ended(&self, status: RunStatus, since: Millis) -> Result<Option<Millis>, StoreError> {
        self.store.first_ended(status, since)
    }

    fn get(&self, space: &str, key: &str, now: Millis) -> Result<Option<Json>, StoreError> {
        self.store.get(space, key, now)
    }

    fn scan(&self, space: &str, now: Millis) -> Result<Vec<(String, Json)>, StoreError> {
        self.store.scan(space, now)
    }

    fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.artifact(digest)
    }
}
