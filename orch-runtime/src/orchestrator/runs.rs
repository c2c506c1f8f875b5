//! Seeing and steering durable runs.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use orch_core::plan::{NodeKind, WorkflowSpec};
use orch_core::run::{RunId, RunStatus};
use serde::Serialize;
use serde_json::Value;

use super::signal::{SendSignal, To};
use crate::durability::{Durability, steer};
use crate::durable::{Durable, Signal};
use crate::engine::record::{RETRIED, made_again};
use crate::engine::wait::{Decision, decision_about, decision_event};
use crate::program::Workflow;
use crate::store::journal::JournalError;
use crate::store::{
    Applied, Change, Entry, EntryKind, Filter, Held, History, Json, Millis, NewRun, Refused,
    RunRecord, StoreError,
};

/// The durable runs of a store, those of other processes among them.
///
/// What is asked of a run is kept with it, and reaches it wherever it is.
#[derive(Debug, Clone)]
pub struct Runs {
    durability: Arc<Durability>,
}

/// A run as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunInfo {
    /// Its id.
    pub id: RunId,
    /// Its workflow's name.
    pub workflow: String,
    /// Its workflow's version.
    pub version: String,
    /// How it stands.
    pub status: RunStatus,
    /// Its input.
    pub input: Value,
    /// Its result, once it has one.
    pub output: Option<Value>,
    /// What it failed with, once it has: `reason`, and `errors` with code, node, step, attempt and message.
    pub error: Option<Value>,
    /// What ties it to others and to the caller's own logs.
    pub correlation_id: String,
    /// From 0, the lowest, to 100.
    pub priority: u8,
    /// When it was started, in milliseconds since the Unix epoch.
    pub started_at: Millis,
    /// When it ended, in milliseconds since the Unix epoch.
    pub ended_at: Option<Millis>,
    /// When it is ready to go on by itself, in milliseconds since the Unix epoch; 0 is at once.
    pub ready_at: Option<Millis>,
    /// Why it is paused or parked.
    pub reason: Option<String>,
}

/// A value that waits for a decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checkpoint {
    /// The node, with the items around it: `parcels/pack/3`.
    pub node: String,
    /// The value.
    pub value: Value,
    /// Who may decide; anybody where nobody is named.
    pub approvers: Vec<&'static str>,
    /// When the time to decide is over, in milliseconds since the Unix epoch.
    pub expires_at: Option<Millis>,
}

/// Why something could not be asked of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SteerError {
    /// There is no such run.
    NoRun {
        /// The id.
        run: RunId,
    },
    /// The run has ended, and what was asked wants one that has not.
    Ended {
        /// The run.
        run: RunId,
        /// How it ended.
        status: RunStatus,
    },
    /// The run has not ended, and what was asked wants one that has.
    NotEnded {
        /// The run.
        run: RunId,
        /// How it stands.
        status: RunStatus,
    },
    /// The run has no such node, or nothing of that kind is to be asked of it.
    Node {
        /// The node.
        node: String,
        /// What is wrong with it.
        reason: String,
    },
    /// This somebody may not decide.
    NotAllowed {
        /// Who.
        by: String,
        /// Who may.
        approvers: Vec<&'static str>,
    },
    /// A value does not serialize, or is not of the type that is wanted.
    Value {
        /// Why.
        reason: String,
    },
    /// The run's workflow is not registered here.
    NotRegistered {
        /// The workflow.
        workflow: String,
    },
    /// The store failed.
    Store {
        /// Why.
        reason: String,
    },
}

impl SteerError {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRun { .. } => "no_run",
            Self::Ended { .. } => "ended",
            Self::NotEnded { .. } => "not_ended",
            Self::Node { .. } => "node",
            Self::NotAllowed { .. } => "not_allowed",
            Self::Value { .. } => "value",
            Self::NotRegistered { .. } => "not_registered",
            Self::Store { .. } => "store",
        }
    }

    pub(super) fn of(run: &RunId, error: &JournalError) -> Self {
        let run = run.clone();
        match error {
            JournalError::Refused(Refused::NoRun(_) | Refused::NoRunOf(_)) => Self::NoRun { run },
            JournalError::Refused(Refused::Ended(status)) => Self::Ended {
                run,
                status: *status,
            },
            JournalError::Refused(Refused::NotEnded(status)) => Self::NotEnded {
                run,
                status: *status,
            },
            error => Self::Store {
                reason: error.to_string(),
            },
        }
    }

    fn unread(error: &StoreError) -> Self {
        Self::Store {
            reason: error.to_string(),
        }
    }
}

impl fmt::Display for SteerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRun { run } => write!(f, "there is no run {run}"),
            Self::Ended { run, status } => {
                write!(f, "run {run} has ended: it is {}", status.as_str())
            }
            Self::NotEnded { run, status } => {
                write!(f, "run {run} has not ended: it is {}", status.as_str())
            }
            Self::Node { node, reason } => write!(f, "node `{node}` {reason}"),
            Self::NotAllowed { by, approvers } => {
                write!(f, "{by} may not decide: {} may", approvers.join(", "))
            }
            Self::Value { reason } => write!(f, "the value does not fit: {reason}"),
            Self::NotRegistered { workflow } => write!(
                f,
                "workflow `{workflow}` is not registered with this orchestrator"
            ),
            Self::Store { reason } => write!(f, "the store failed: {reason}"),
        }
    }
}

impl Error for SteerError {}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}

impl From<RunRecord> for RunInfo {
    fn from(run: RunRecord) -> Self {
        Self {
            id: run.id,
            workflow: run.workflow,
            version: run.version,
            status: run.status,
            input: value(&run.input),
            output: run.output.as_deref().map(value),
            error: run.error.as_deref().map(value),
            correlation_id: run.correlation_id,
            priority: run.priority,
            started_at: run.started_at,
            ended_at: run.ended_at,
            ready_at: run.ready_at,
            reason: run.reason,
        }
    }
}

impl Runs {
    pub(super) fn new(durability: Arc<Durability>) -> Self {
        Self { durability }
    }

    /// A run as it stands.
    ///
    /// # Errors
    /// If there is none of this id, or the store cannot be read.
    pub async fn get(&self, id: &str) -> Result<RunInfo, SteerError> {
        self.record(id).await.map(RunInfo::from)
    }

    /// How a run ended, or that it does not go on here, once it is so.
    #[cfg(feature = "testing")]
    pub(super) async fn stands(
        &self,
        id: &RunId,
    ) -> Result<Arc<crate::durability::Kept>, SteerError> {
        let key = self.record(id.as_str()).await?.key;
        // Before it is looked at again, so that its end is not missed.
        let waiter = self.durability.wait_for(key);
        let record = self.record(id.as_str()).await?;
        match crate::durability::Kept::recorded(&record) {
            Some(kept) => Ok(Arc::new(kept)),
            None => Ok(waiter.wait().await),
        }
    }

    async fn record(&self, id: &str) -> Result<RunRecord, SteerError> {
        let run = RunId::new(id);
        let find = run.clone();
        let found = self
            .durability
            .journal
            .ask(move |store| store.find(&find))
            .await;
        let found = found.map_err(|error| SteerError::unread(&error))?;
        found.ok_or(SteerError::NoRun { run })
    }

    /// A run with all that was recorded of it.
    ///
    /// # Errors
    /// If there is none of this id, or the store cannot be read.
    pub async fn history(&self, id: &str) -> Result<History, SteerError> {
        let key = self.record(id).await?.key;
        let read = self
            .durability
            .journal
            .ask(move |store| store.load(key))
            .await;
        let read = read.map_err(|error| SteerError::unread(&error))?;
        read.ok_or(SteerError::NoRun {
            run: RunId::new(id),
        })
    }

    /// The runs that a filter asks for, the latest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(&self, filter: Filter) -> Result<Vec<RunInfo>, SteerError> {
        let listed = self
            .durability
            .journal
            .ask(move |store| store.list(&filter))
            .await;
        let listed = listed.map_err(|error| SteerError::unread(&error))?;
        Ok(listed.into_iter().map(RunInfo::from).collect())
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
            Err(error) => Err(SteerError::of(&run, &error)),
        }
    }

    /// Sends what a node waits for; see [`RunHandle::signal`](super::RunHandle::signal).
    pub fn signal<W: Workflow, T: Durable>(
        &self,
        id: &str,
        signal: Signal<W, T>,
        value: T,
    ) -> SendSignal {
        let to = To::Kept(Arc::clone(&self.durability));
        SendSignal::new(to, RunId::new(id), signal.node(), value.encode())
    }

    /// The same with a node by its path and a value as JSON, for those who know no types.
    pub fn signal_json(&self, id: &str, node: &str, value: &Value) -> SendSignal {
        let to = To::Kept(Arc::clone(&self.durability));
        SendSignal::new(to, RunId::new(id), node, Ok(value.to_string()))
    }

    /// The values of a run that wait for a decision.
    ///
    /// # Errors
    /// If there is no such run, its workflow is not registered here, or the store cannot be read.
    pub async fn checkpoints(&self, id: &str) -> Result<Vec<Checkpoint>, SteerError> {
        self.checkpoints_of(&self.history(id).await?)
    }

    fn checkpoints_of(&self, history: &History) -> Result<Vec<Checkpoint>, SteerError> {
        let Some(registered) = self.durability.registered(&history.run.workflow) else {
            return Err(SteerError::NotRegistered {
                workflow: history.run.workflow.clone(),
            });
        };
        let layout = registered.program.layout();
        let mut waiting: Vec<Checkpoint> = Vec::new();
        for entry in &history.entries {
            match entry.kind {
                EntryKind::Done => {
                    let checkpoint = layout
                        .find(path(&entry.node))
                        .and_then(crate::engine::layout::NodeLayout::checkpoint);
                    if let (Some(checkpoint), Some(json)) = (checkpoint, &entry.value) {
                        waiting.retain(|known| known.node != entry.node);
                        waiting.push(Checkpoint {
                            node: entry.node.clone(),
                            value: value(json),
                            approvers: checkpoint.approvers.to_vec(),
                            expires_at: None,
                        });
                    }
                }
                EntryKind::Wait => {
                    let until = entry.value.as_ref().and_then(|until| until.parse().ok());
                    let about = waiting.iter_mut().find(|known| known.node == entry.node);
                    if let Some(about) = about {
                        about.expires_at = until;
                    }
                }
                EntryKind::Decided => waiting.retain(|known| known.node != entry.node),
                _ => {}
            }
        }
        let past = retried_after(history);
        let sent = |node: &str| {
            let name = decision_about(node);
            let mut signals = history.signals.iter();
            signals.any(|signal| signal.name == name && signal.number > past)
        };
        waiting.retain(|checkpoint| !sent(&checkpoint.node));
        Ok(waiting)
    }

    /// Lets a node's value pass its checkpoint.
    ///
    /// # Errors
    /// If nothing of the node waits for a decision, or `by` may not decide.
    pub async fn approve(
        &self,
        id: &str,
        node: &str,
        by: &str,
        comment: &str,
    ) -> Result<(), SteerError> {
        self.decide(id, node, by, comment, true, None).await
    }

    /// Lets another value pass a node's checkpoint in place of its own.
    ///
    /// # Errors
    /// If nothing of the node waits for a decision, `by` may not decide, or the value is not what the node gives.
    pub async fn approve_with(
        &self,
        id: &str,
        node: &str,
        by: &str,
        comment: &str,
        value: &Value,
    ) -> Result<(), SteerError> {
        let edited = value.to_string();
        self.decide(id, node, by, comment, true, Some(edited)).await
    }

    /// Lets no value pass a node's checkpoint: the node fails.
    ///
    /// # Errors
    /// If nothing of the node waits for a decision, or `by` may not decide.
    pub async fn reject(
        &self,
        id: &str,
        node: &str,
        by: &str,
        comment: &str,
    ) -> Result<(), SteerError> {
        self.decide(id, node, by, comment, false, None).await
    }

    async fn decide(
        &self,
        id: &str,
        node: &str,
        by: &str,
        comment: &str,
        approved: bool,
        edited: Option<Json>,
    ) -> Result<(), SteerError> {
        let history = self.history(id).await?;
        let waiting = self.checkpoints_of(&history)?;
        let Some(checkpoint) = waiting.into_iter().find(|waiting| waiting.node == node) else {
            let reason = "has no value that waits for a decision".to_owned();
            return Err(SteerError::Node {
                node: node.to_owned(),
                reason,
            });
        };
        if !checkpoint.approvers.is_empty() && !checkpoint.approvers.contains(&by) {
            return Err(SteerError::NotAllowed {
                by: by.to_owned(),
                approvers: checkpoint.approvers,
            });
        }
        if let Some(edited) = &edited {
            self.check_value(&history.run, node, edited)?;
        }
        let raw = edited.and_then(|json| serde_json::value::RawValue::from_string(json).ok());
        let decision = Decision {
            approved,
            by: by.to_owned(),
            comment: comment.to_owned(),
            value: raw,
        };
        let decision = serde_json::to_string(&decision).map_err(|error| SteerError::Value {
            reason: error.to_string(),
        })?;
        let to = To::Kept(Arc::clone(&self.durability));
        let name = decision_about(node);
        let event = decision_event(retried_after(&history));
        let sent = SendSignal::new(to, RunId::new(id), &name, Ok(decision)).event_id(event);
        if sent.await? {
            return Ok(());
        }
        let reason = "was decided about already".to_owned();
        Err(SteerError::Node {
            node: node.to_owned(),
            reason,
        })
    }

    /// Checks that a value is what a node gives.
    fn check_value(&self, run: &RunRecord, node: &str, json: &str) -> Result<(), SteerError> {
        let Some(registered) = self.durability.registered(&run.workflow) else {
            return Err(SteerError::NotRegistered {
                workflow: run.workflow.clone(),
            });
        };
        registered
            .check_value(path(node), json)
            .map_err(|error| SteerError::Value {
                reason: error.to_string(),
            })
    }

    /// Takes a run up again that did not succeed: what succeeded keeps its value, what failed is called again with the
    /// same arguments, what was rejected waits for another decision, and what was undone is done again.
    ///
    /// # Errors
    /// If there is no such run, it has not ended, or it succeeded.
    pub async fn retry(&self, id: &str) -> Result<(), SteerError> {
        let history = self.history(id).await?;
        unsuccessful(&history)?;
        let rejected = rejected(&history);
        self.rewind(&history, |entry, undone| {
            matches!(
                entry.kind,
                EntryKind::Failed | EntryKind::UndoFailed | EntryKind::Undone
            ) || (rejected.contains(&entry.node)
                && matches!(entry.kind, EntryKind::Decided | EntryKind::Wait))
                || (undone.contains(&entry.node)
                    && matches!(
                        entry.kind,
                        EntryKind::Done | EntryKind::Started | EntryKind::Decided | EntryKind::Wait
                    ))
        })
        .await
    }

    /// Takes an ended run up again from a node: that node and all that follows from it is done again.
    ///
    /// # Errors
    /// If there is no such run or node, the run has not ended, or its workflow is not registered here.
    pub async fn retry_from(&self, id: &str, node: &str) -> Result<(), SteerError> {
        let history = self.history(id).await?;
        let again = self.following(&history.run, node)?;
        self.rewind(&history, |entry, undone| {
            again.contains(root(&entry.node))
                || undone.contains(&entry.node)
                || matches!(
                    entry.kind,
                    EntryKind::Failed | EntryKind::UndoFailed | EntryKind::Undone
                )
        })
        .await
    }

    /// Lets a run go on without the value of a node that failed, where the workflow says `allow_skip`.
    ///
    /// # Errors
    /// If there is no such run or node, the run has not ended, or the node may not be skipped.
    pub async fn skip(&self, id: &str, node: &str, by: &str) -> Result<(), SteerError> {
        let history = self.history(id).await?;
        unsuccessful(&history)?;
        let Some(registered) = self.durability.registered(&history.run.workflow) else {
            return Err(SteerError::NotRegistered {
                workflow: history.run.workflow,
            });
        };
        let refused = |reason: &str| SteerError::Node {
            node: node.to_owned(),
            reason: reason.to_owned(),
        };
        let Some(layout) = registered.program.layout().find(path(node)) else {
            return Err(refused("is not a node of this workflow"));
        };
        if layout.spec.allow_skip.is_empty() {
            return Err(refused(
                "may not be skipped: its workflow does not say `allow_skip`",
            ));
        }
        let failed = history
            .entries
            .iter()
            .rev()
            .find(|entry| entry.node == node);
        let Some(failed) = failed.filter(|entry| entry.kind == EntryKind::Failed) else {
            return Err(refused("has not failed"));
        };
        let skipped = Entry {
            kind: EntryKind::Skipped,
            value: Some(Value::from(by).to_string()),
            at: self.durability.clock.now(),
            ..failed.clone()
        };
        let drop = |entry: &Entry, undone: &BTreeSet<String>| {
            matches!(
                entry.kind,
                EntryKind::Failed | EntryKind::UndoFailed | EntryKind::Undone
            ) || undone.contains(&entry.node)
        };
        self.rewind_with(&history, drop, Some(skipped)).await
    }

    async fn rewind(
        &self,
        history: &History,
        drop: impl Fn(&Entry, &BTreeSet<String>) -> bool,
    ) -> Result<(), SteerError> {
        self.rewind_with(history, drop, None).await
    }

    async fn rewind_with(
        &self,
        history: &History,
        drop: impl Fn(&Entry, &BTreeSet<String>) -> bool,
        added: Option<Entry>,
    ) -> Result<(), SteerError> {
        let undone: BTreeSet<String> = history
            .entries
            .iter()
            .filter(|entry| matches!(entry.kind, EntryKind::Undone | EntryKind::UndoFailed))
            .map(|entry| entry.node.clone())
            .collect();
        let dropped = history.entries.iter().filter(|entry| drop(entry, &undone));
        let drop = dropped.map(|entry| entry.seq).collect();
        let mut seq = history.entries.last().map_or(0, |entry| entry.seq);
        let now = self.durability.clock.now();
        let last = history.signals.last().map_or(0, |signal| signal.number);
        let retried = Entry {
            seq: 0,
            node: RETRIED.to_owned(),
            kind: EntryKind::Received,
            value: Some(last.to_string()),
            item: None,
            at: now,
        };
        let again = undone.iter().map(|instance| Entry {
            node: made_again(instance),
            value: Some((times_undone(history, instance) + 1).to_string()),
            ..retried.clone()
        });
        let again: Vec<Entry> = again.collect();
        let entries = added
            .into_iter()
            .chain(again)
            .chain([retried])
            .map(|entry| {
                seq += 1;
                Entry { seq, ..entry }
            });
        let change = Change::Rewind {
            run: history.run.key,
            drop,
            entries: entries.collect(),
            now,
        };
        self.submit(&history.run.id, change).await?;
        self.durability.stir();
        Ok(())
    }

    async fn submit(&self, id: &RunId, change: Change) -> Result<Applied, SteerError> {
        let submitted = self.durability.journal.submit(change).await;
        submitted.map_err(|error| SteerError::of(id, &error))
    }

    /// The nodes of a workflow that follow from one, itself included, by their outermost names.
    fn following(&self, run: &RunRecord, node: &str) -> Result<BTreeSet<&'static str>, SteerError> {
        let Some(registered) = self.durability.registered(&run.workflow) else {
            return Err(SteerError::NotRegistered {
                workflow: run.workflow.clone(),
            });
        };
        following(registered.program.spec, root(node)).ok_or_else(|| SteerError::Node {
            node: node.to_owned(),
            reason: "is not a node of this workflow".to_owned(),
        })
    }

    /// Starts a new run with the input of another one, or an edited one; nothing of what the other did is taken over
    /// unless [`fork_from`](Self::fork_from) says from where.
    ///
    /// # Errors
    /// If there is no such run, or a run of the new id is there already.
    pub async fn fork(
        &self,
        id: &str,
        new_id: &str,
        input: Option<&Value>,
    ) -> Result<RunInfo, SteerError> {
        let history = self.history(id).await?;
        self.fork_with(history, new_id, input, Vec::new()).await
    }

    /// The same, with all that the other run recorded but for a node and what follows from it.
    ///
    /// # Errors
    /// If there is no such run or node, or a run of the new id is there already.
    pub async fn fork_from(
        &self,
        id: &str,
        new_id: &str,
        node: &str,
        input: Option<&Value>,
    ) -> Result<RunInfo, SteerError> {
        let mut history = self.history(id).await?;
        let again = self.following(&history.run, node)?;
        let entries = std::mem::take(&mut history.entries);
        let kept = entries.into_iter().filter(|entry| {
            !again.contains(root(&entry.node))
                && !matches!(
                    entry.kind,
                    EntryKind::Failed | EntryKind::Undone | EntryKind::UndoFailed
                )
        });
        let kept = kept.collect();
        self.fork_with(history, new_id, input, kept).await
    }

    async fn fork_with(
        &self,
        history: History,
        new_id: &str,
        input: Option<&Value>,
        entries: Vec<Entry>,
    ) -> Result<RunInfo, SteerError> {
        let input = input.map_or(history.run.input.clone(), Value::to_string);
        if let Some(registered) = self.durability.registered(&history.run.workflow) {
            registered
                .check_input(&input)
                .map_err(|error| SteerError::Value {
                    reason: error.to_string(),
                })?;
        }
        let now = self.durability.clock.now();
        let id = RunId::new(new_id);
        let span = history
            .run
            .deadline
            .map(|deadline| deadline - history.run.started_at);
        let new = NewRun {
            id: id.clone(),
            workflow: history.run.workflow,
            version: history.run.version,
            fingerprint: history.run.fingerprint,
            input,
            correlation_id: Some(history.run.correlation_id),
            parent: None,
            priority: history.run.priority,
            at: now,
            deadline: span.map(|span| now.saturating_add(span)),
            owner: None,
            entries,
        };
        match self.submit(&id, Change::Start(Box::new(new))).await? {
            Applied::Started { fresh: true, .. } => {}
            _ => {
                return Err(SteerError::Value {
                    reason: format!("there is a run {id} already"),
                });
            }
        }
        self.durability.stir();
        self.get(new_id).await
    }

    /// Forgets an ended run.
    ///
    /// # Errors
    /// If there is no such run, or it has not ended.
    pub async fn delete(&self, id: &str) -> Result<(), SteerError> {
        let run = self.record(id).await?;
        self.submit(&run.id, Change::Delete { run: run.key })
            .await?;
        Ok(())
    }

    /// The runs that did not succeed, and wait for somebody to [retry](Self::retry) or [drop](Self::drop_dead) them:
    /// the latest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn dead(&self, filter: Filter) -> Result<Vec<RunInfo>, SteerError> {
        self.list(Filter {
            statuses: vec![RunStatus::Failed, RunStatus::Panicked, RunStatus::TimedOut],
            ..filter
        })
        .await
    }

    /// Retries the runs that did not succeed and that a filter asks for; gives how many.
    ///
    /// # Errors
    /// If the store cannot be read or written; those that were retried until then are.
    pub async fn retry_dead(&self, filter: Filter) -> Result<usize, SteerError> {
        let mut count = 0;
        for run in self.dead(filter).await? {
            match self.retry(run.id.as_str()).await {
                Ok(()) => count += 1,
                // Somebody was quicker.
                Err(SteerError::NotEnded { .. } | SteerError::NoRun { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Forgets a run that did not succeed, and keeps why.
    ///
    /// # Errors
    /// If there is no such run, it has not ended, or it succeeded.
    pub async fn drop_dead(&self, id: &str, reason: &str) -> Result<(), SteerError> {
        let history = self.history(id).await?;
        unsuccessful(&history)?;
        let dropped = serde_json::json!({
            "workflow": history.run.workflow,
            "status": history.run.status.as_str(),
            "error": history.run.error.as_deref().map(value),
            "reason": reason,
            "at": self.durability.clock.now(),
        });
        let keep = Change::Put {
            space: "dropped",
            key: id.to_owned(),
            value: dropped.to_string(),
            expires_at: None,
        };
        self.submit(&history.run.id, keep).await?;
        let run = history.run.key;
        self.submit(&history.run.id, Change::Delete { run }).await?;
        Ok(())
    }

    /// Forgets runs of these statuses that ended before a time, in milliseconds since the Unix epoch; gives how many.
    ///
    /// # Errors
    /// If the store cannot be written; those that were forgotten until then are.
    pub async fn prune(&self, statuses: &[RunStatus], before: Millis) -> Result<usize, SteerError> {
        let mut count = 0;
        loop {
            let change = Change::Prune {
                statuses: statuses.to_vec(),
                before,
                limit: PRUNED_AT_ONCE,
            };
            let Applied::Pruned(pruned) = self.submit(&RunId::new(""), change).await? else {
                return Ok(count);
            };
            count += pruned;
            if pruned < PRUNED_AT_ONCE {
                return Ok(count);
            }
        }
    }

    /// Lets go of a run that another process holds and does not drive: whoever held it writes nothing any more.
    ///
    /// # Errors
    /// If there is no such run, or nobody holds it.
    pub async fn take_over(&self, id: &str) -> Result<(), SteerError> {
        let run = self.record(id).await?;
        let Some(owner) = run.owner else {
            let reason = "nobody holds the run".to_owned();
            return Err(SteerError::Store { reason });
        };
        let held = Held {
            run: run.key,
            fence: run.fence,
        };
        let _ = owner;
        let change = Change::Suspend {
            held,
            entries: Vec::new(),
            status: RunStatus::Queued,
            ready_at: Some(0),
            seen: i64::MAX,
            reason: None,
        };
        self.submit(&run.id, change).await?;
        self.durability.stir();
        Ok(())
    }
}

/// How many runs are forgotten in one transaction.
const PRUNED_AT_ONCE: usize = 500;

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

/// The number of the last signal before the run was last taken up again from an earlier point.
fn retried_after(history: &History) -> i64 {
    let mut entries = history.entries.iter().rev();
    let last = entries.find(|entry| entry.node == RETRIED);
    let number = last.and_then(|entry| entry.value.as_ref()?.parse().ok());
    number.unwrap_or(0)
}

/// The nodes whose values were rejected.
fn rejected(history: &History) -> BTreeSet<String> {
    let decided = |entry: &&Entry| entry.kind == EntryKind::Decided;
    let entries = history.entries.iter().filter(decided);
    let rejected = entries.filter(|entry| {
        let decision = entry.value.as_deref().map(serde_json::from_str);
        matches!(
            decision,
            Some(Ok(Decision {
                approved: false,
                ..
            }))
        )
    });
    rejected.map(|entry| entry.node.clone()).collect()
}

/// How many times a call was undone and made again before.
fn times_undone(history: &History, instance: &str) -> u32 {
    let name = made_again(instance);
    let mut entries = history.entries.iter().rev();
    let last = entries.find(|entry| entry.node == name);
    let times = last.and_then(|entry| entry.value.as_ref()?.parse().ok());
    times.unwrap_or(0)
}

/// The path of the node that an entry is about, without its items and its turn.
fn path(node: &str) -> &str {
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

fn following(spec: &WorkflowSpec, node: &str) -> Option<BTreeSet<&'static str>> {
    let nodes = spec.scope.nodes;
    let first = nodes.iter().position(|known| known.name == node)?;
    let mut found = BTreeSet::from([first]);
    // Nodes are in a topological order.
    for (idx, node) in nodes.iter().enumerate().skip(first) {
        let arms = match node.kind {
            NodeKind::Branch { arms, .. } => arms,
            _ => &[],
        };
        let mut named = node
            .reads
            .iter()
            .chain(node.after)
            .chain(arms.iter().flat_map(|arm| arm.reads));
        if named.any(|named| found.contains(named)) || node.finally {
            found.insert(idx);
        }
    }
    Some(found.into_iter().map(|idx| nodes[idx].name).collect())
}
