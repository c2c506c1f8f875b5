//! Seeing and steering durable runs.

mod again;
mod attempts;
pub(super) mod children;
mod decide;
mod ended;
pub(crate) mod inbox;
mod info;

use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};
use serde_json::Value;

pub use self::attempts::{Attempt, AttemptEnd};
pub use self::inbox::InboxItem;
pub use self::info::{Checkpoint, RunInfo};
use super::error::SteerError;
use super::signal::{SendSignal, To};
use crate::durability::{Durability, Registered, steer};
use crate::durable::{Durable, Signal};
use crate::program::Workflow;
use crate::store::{Applied, Change, Filter, Held, History, RunRecord};

/// The durable runs of a store, those of other processes among them.
///
/// What is asked of a run is kept with it, and reaches it wherever it is.
#[derive(Debug, Clone)]
pub struct Runs {
    durability: Arc<Durability>,
}

impl Runs {
    pub(in crate::orchestrator) fn new(durability: Arc<Durability>) -> Self {
        Self { durability }
    }

    /// A run as it stands; of one [inside another](Self::children), by the id that follows from that one's, what is known.
    ///
    /// # Errors
    /// If there is none of this id, or the store cannot be read.
    pub async fn get(&self, id: &str) -> Result<RunInfo, SteerError> {
        match self.find(id).await? {
            Some(record) => Ok(record.into()),
            None => self.get_inside(id).await,
        }
    }

    /// How a run ended, or that it does not go on here, once it is so.
    #[cfg(feature = "testing")]
    pub(super) async fn stands(
        &self,
        id: &RunId,
    ) -> Result<Arc<crate::durability::Kept>, SteerError> {
        let key = self.record(id.as_str()).await?.key;
        let waiter = self.durability.wait_for(key, id);
        waiter.hint();
        Ok(waiter.wait().await)
    }

    pub(super) async fn find(&self, id: &str) -> Result<Option<RunRecord>, SteerError> {
        let find = RunId::new(id);
        let journal = &self.durability.journal;
        let found = journal.ask(move |store| store.find(&find)).await;
        found.map_err(|error| SteerError::store(&error))
    }

    async fn record(&self, id: &str) -> Result<RunRecord, SteerError> {
        let run = || RunId::new(id);
        self.find(id)
            .await?
            .ok_or_else(|| SteerError::NoRun { run: run() })
    }

    async fn load(&self, run: &RunRecord) -> Result<History, SteerError> {
        let key = run.key;
        let journal = &self.durability.journal;
        let read = journal.ask(move |store| store.load(key)).await;
        let read = read.map_err(|error| SteerError::store(&error))?;
        read.ok_or_else(|| SteerError::NoRun {
            run: run.id.clone(),
        })
    }

    /// A run with all that was recorded of it; of one [inside another](Self::children), by the names that it has there.
    ///
    /// # Errors
    /// If there is none of this id, or the store cannot be read.
    pub async fn history(&self, id: &str) -> Result<History, SteerError> {
        match self.find(id).await? {
            Some(record) => self.load(&record).await,
            None => self.history_inside(id).await,
        }
    }

    /// Of a run that is kept, and not of one inside another, which is steered with it.
    async fn own_history(&self, id: &str) -> Result<History, SteerError> {
        match self.record(id).await {
            Ok(record) => self.load(&record).await,
            Err(error) => Err(self.unless_inside(id, error).await),
        }
    }

    /// What is wrong with an id that no run has.
    async fn unless_inside(&self, id: &str, error: SteerError) -> SteerError {
        match (error, self.outermost_of(id).await) {
            (SteerError::NoRun { run }, Some(outermost)) => SteerError::Inside { run, outermost },
            (error, _) => error,
        }
    }

    /// The content of an artifact, by the digest that values, inputs and results name; `None` of one that is not kept.
    ///
    /// # Errors
    /// If the store cannot be read, or what it has is not of this digest.
    pub async fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, SteerError> {
        let read = self.durability.journal.artifact(digest.to_owned()).await;
        read.map_err(|error| SteerError::store(&error))
    }

    /// The runs that a filter asks for, the latest first; with a parent those [inside it](Self::children).
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(&self, filter: Filter) -> Result<Vec<RunInfo>, SteerError> {
        let inside = self.children_of(&filter).await?;
        let journal = &self.durability.journal;
        let limit = filter.limit;
        let listed = journal.ask(move |store| store.list(&filter)).await;
        let listed = listed.map_err(|error| SteerError::store(&error))?;
        let listed = listed.into_iter().map(RunInfo::from);
        Ok(listed.chain(inside).take(limit).collect())
    }

    /// Lets a run finish the steps that have begun and begin no further one, until it is [resumed](Self::resume).
    ///
    /// # Errors
    /// If there is no such run, or it has ended.
    pub async fn pause(&self, id: &str, reason: &str) -> Result<(), SteerError> {
        self.ask(id, steer::PAUSE, reason).await
    }

    /// Lets a run go on that was paused, or one that was parked and fits by now.
    ///
    /// # Errors
    /// If there is no such run, or it has ended.
    pub async fn resume(&self, id: &str) -> Result<(), SteerError> {
        self.ask(id, steer::RESUME, "").await
    }

    /// Stops a run: what is under way is dropped, what it did is undone, `finally` nodes run.
    ///
    /// # Errors
    /// If there is no such run, or it has ended.
    pub async fn cancel(&self, id: &str, reason: &str) -> Result<(), SteerError> {
        self.ask(id, steer::CANCEL, reason).await
    }

    async fn ask(&self, id: &str, what: &str, reason: &str) -> Result<(), SteerError> {
        let run = RunId::new(id);
        let asked = steer::ask(&self.durability, run.clone(), what, reason).await;
        match asked {
            Ok(Applied::Signalled { run, .. }) => {
                self.durability.signalled_here(run).await;
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.unless_inside(id, SteerError::of(&run, &error)).await),
        }
    }

    /// Sends what a node waits for; see [`RunHandle::signal`](super::RunHandle::signal). The run may be one [inside
    /// another](Self::children), once that is on record.
    pub fn signal<W: Workflow, T: Durable>(
        &self,
        id: &str,
        signal: Signal<W, T>,
        value: T,
    ) -> SendSignal {
        let to = To::Kept(Arc::clone(&self.durability));
        SendSignal::new(to, RunId::new(id), signal.node(), &value)
    }

    /// The same with a node by its path and a value as JSON, for those who know no types.
    pub fn signal_json(&self, id: &str, node: &str, value: &Value) -> SendSignal {
        let to = To::Kept(Arc::clone(&self.durability));
        SendSignal::json(to, RunId::new(id), node, value.to_string())
    }

    /// Lets go of a run that another process holds and does not drive: whoever held it writes nothing any more.
    ///
    /// # Errors
    /// If there is no such run, or nobody holds it.
    pub async fn take_over(&self, id: &str) -> Result<(), SteerError> {
        let run = self.record(id).await?;
        if run.owner.is_none() {
            return Err(SteerError::NotHeld { run: run.id });
        }
        let held = Held {
            run: run.key,
            fence: run.fence,
        };
        self.submit(&run.id, Change::let_go(held)).await?;
        self.durability.stir();
        Ok(())
    }

    async fn submit(&self, id: &RunId, change: Change) -> Result<Applied, SteerError> {
        let submitted = self.durability.journal.submit(change).await;
        submitted.map_err(|error| SteerError::of(id, &error))
    }

    /// The run's workflow as it is registered here.
    fn registered(&self, run: &RunRecord) -> Result<Registered, SteerError> {
        self.durability
            .registered(&run.workflow)
            .ok_or_else(|| SteerError::NotRegistered {
                workflow: run.workflow.clone(),
            })
    }
}

fn unsuccessful(history: &History) -> Result<(), SteerError> {
    let (run, status) = (history.run.id.clone(), history.run.status);
    if !status.is_ended() {
        return Err(SteerError::NotEnded { run, status });
    }
    if status == RunStatus::Completed {
        return Err(SteerError::Ended { run, status });
    }
    Ok(())
}

/// The path of the node that an entry is about, without its items and its turn.
pub(super) fn path(node: &str) -> &str {
    let node = node.split('#').next().unwrap_or(node);
    let is_item = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut path = node;
    while let Some((rest, last)) = path.rsplit_once('/')
        && is_item(last)
    {
        path = rest;
    }
    path
}

/// The outermost node that an entry is about.
fn root(node: &str) -> &str {
    node.split(['/', '#']).next().unwrap_or(node)
}
