//! A store in memory, for tests: it answers as the SQLite store does and keeps nothing on a disk.

mod forget;
mod state;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::run::{RunId, RunStatus};

use self::state::State;
use super::rules::{self, Notices};
use super::{
    Applied, Change, Filter, History, Json, Millis, OwnerId, Refused, RunKey, RunRecord,
    SignalRecord, Store, StoreError, Wake, Woken,
};

/// A store in memory.
///
/// Its clones are handles of one store, so that a test can drop an orchestrator, call [`crash`](Self::crash) and
/// build another one on what is left.
#[derive(Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What happens when every process that joined is killed: nobody holds a run, those that were held are ready,
    /// and whoever goes on writing is late.
    pub fn crash(&self) {
        let owners: Vec<OwnerId> = self.lock().owners.keys().copied().collect();
        for owner in owners {
            self.kill(owner);
        }
    }

    /// What happens when the process of an owner is killed: what it held is ready, and the others are woken.
    pub fn kill(&self, owner: OwnerId) {
        let mut state = self.lock();
        let mut notices = Notices::default();
        let now = state.now;
        state.release(owner, now, &mut notices);
        state.owners.remove(&owner);
        deliver(state, notices);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("runs", &self.lock().runs.len())
            .finish_non_exhaustive()
    }
}

/// Wakes whom it concerns, once the store is free again.
fn deliver(state: MutexGuard<'_, State>, notices: Notices) {
    let mut wakes: Vec<(Wake, Woken)> = Vec::new();
    for (owner, wake) in &state.owners {
        let signalled = notices.signalled(*owner).map(Woken::Signal);
        let over = notices.over_elsewhere(*owner).map(Woken::Over);
        let woken = signalled
            .chain(over)
            .chain(notices.ready.then_some(Woken::Ready));
        wakes.extend(woken.map(|woken| (Arc::clone(wake), woken)));
    }
    drop(state);
    for (wake, why) in wakes {
        wake(why);
    }
}

impl Store for Memory {
    fn join(&self, wake: Wake) -> Result<OwnerId, StoreError> {
        let mut state = self.lock();
        state.last_owner += 1;
        let owner = OwnerId(state.last_owner);
        state.owners.insert(owner, wake);
        Ok(owner)
    }

    fn leave(&self, owner: OwnerId) -> Result<(), StoreError> {
        self.kill(owner);
        Ok(())
    }

    fn commit(&self, changes: &[Change]) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
        let mut state = self.lock();
        let mut notices = Notices::default();
        let answers = changes
            .iter()
            .map(|change| state.apply(change, &mut notices))
            .collect();
        deliver(state, notices);
        Ok(answers)
    }

    fn find(&self, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        let state = self.lock();
        let run = state.ids.get(id).and_then(|key| state.runs.get(key));
        Ok(run.map(|run| run.record.clone()))
    }

    fn load(&self, run: RunKey) -> Result<Option<History>, StoreError> {
        Ok(self.lock().runs.get(&run).map(|run| History {
            run: run.record.clone(),
            entries: run.entries.values().cloned().collect(),
            signals: run.signals.clone(),
        }))
    }

    fn signals(&self, run: RunKey, after: i64) -> Result<Vec<SignalRecord>, StoreError> {
        let state = self.lock();
        let signals = state
            .runs
            .get(&run)
            .into_iter()
            .flat_map(|run| &run.signals);
        Ok(signals
            .filter(|signal| signal.number > after)
            .cloned()
            .collect())
    }

    fn list(&self, filter: &Filter) -> Result<Vec<RunRecord>, StoreError> {
        let state = self.lock();
        let records = state.runs.values().rev().map(|run| &run.record);
        Ok(records
            .filter(|record| fits(record, filter))
            .take(filter.limit)
            .cloned()
            .collect())
    }

    fn next_ready(
        &self,
        workflows: &[(String, Option<u32>)],
    ) -> Result<Option<Millis>, StoreError> {
        let state = self.lock();
        let room = state.room(workflows);
        let ready = state.runs.values().filter_map(|run| {
            let at = run.ready_at()?;
            room.get(run.record.workflow.as_str())
                .filter(|left| **left > 0)?;
            Some(if run.timed { at } else { 0 })
        });
        Ok(ready.min())
    }

    fn first_ended(&self, status: RunStatus, since: Millis) -> Result<Option<Millis>, StoreError> {
        let state = self.lock();
        let records = state.runs.values().map(|run| &run.record);
        let of = records.filter(|record| record.status == status && record.parent.is_none());
        let ended = of.filter_map(|record| record.ended_at);
        Ok(ended.filter(|at| *at >= since).min())
    }

    fn get(&self, space: &str, key: &str, now: Millis) -> Result<Option<Json>, StoreError> {
        let state = self.lock();
        let kept = state.kept.get(&(space.to_owned(), key.to_owned()));
        Ok(kept
            .filter(|kept| kept.lives(now))
            .map(|kept| kept.value.clone()))
    }

    fn scan(&self, space: &str, now: Millis) -> Result<Vec<(String, Json)>, StoreError> {
        let state = self.lock();
        let kept = state
            .kept
            .iter()
            .filter(|((of, _), kept)| of == space && kept.lives(now));
        Ok(kept
            .map(|((_, key), kept)| (key.clone(), kept.value.clone()))
            .collect())
    }

    fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let content = self
            .lock()
            .artifacts
            .get(digest)
            .map(|artifact| artifact.content.to_vec());
        content
            .map(|content| rules::verified(digest, content))
            .transpose()
    }
}

fn fits(record: &RunRecord, filter: &Filter) -> bool {
    fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
        wanted.is_none() || wanted == found
    }
    is(filter.workflow.as_ref(), Some(&record.workflow))
        && is(filter.version.as_ref(), Some(&record.version))
        && is(filter.correlation_id.as_ref(), Some(&record.correlation_id))
        && is(filter.parent.as_ref(), record.parent.as_ref())
        && (filter.statuses.is_empty() || filter.statuses.contains(&record.status))
        && filter.since.is_none_or(|since| record.started_at >= since)
        && filter.until.is_none_or(|until| record.started_at < until)
        && filter.below.is_none_or(|below| record.key < below)
}

/// The runs that an artifact is kept for, and what it is.
#[derive(Debug)]
struct Artifact {
    content: Arc<[u8]>,
    runs: BTreeSet<RunKey>,
}
