//! Taking runs up again from an earlier point, and starting others from what they did.

use std::collections::HashSet;

use orch_core::plan::{NodeKind, WorkflowSpec};
use orch_core::run::{RunId, RunStatus};
use serde_json::Value;

use super::{RunInfo, Runs, SteerError, path, root, unsuccessful};
use crate::durable::millis;
use crate::engine::children;
use crate::engine::journaled::Decision;
use crate::engine::record::{RETRIED, UNDOING, made_again};
use crate::store::{Applied, Change, Entry, EntryKind, History, Millis, NewRun, RunRecord};

impl Runs {
    /// Takes a run up again that did not succeed: what succeeded keeps its value, what failed is called again with the
    /// same arguments, what was rejected waits for another decision, what was undone is done again, and `finally` nodes run
    /// once more at its end.
    ///
    /// # Errors
    /// If there is no such run, it has not ended, or it succeeded.
    pub async fn retry(&self, id: &str) -> Result<(), SteerError> {
        let history = self.own_history(id).await?;
        unsuccessful(&history)?;
        let rejected = rejected(&history);
        let undone = undone(&history);
        let drop = |entry: &Entry| match entry.kind {
            EntryKind::Decided | EntryKind::Wait => {
                rejected.contains(&entry.node) || undone.contains(&entry.node)
            }
            EntryKind::Done | EntryKind::Started => undone.contains(&entry.node),
            _ => false,
        };
        self.rewind(&history, drop, None).await
    }

    /// Takes an ended run up again from a node: that node and all that follows from it is done again.
    ///
    /// # Errors
    /// If there is no such run or node, the run has not ended, or its workflow is not registered here.
    pub async fn retry_from(&self, id: &str, node: &str) -> Result<(), SteerError> {
        let history = self.own_history(id).await?;
        let again = self.following(&history.run, node)?;
        let undone = undone(&history);
        let drop =
            |entry: &Entry| again.contains(root(about(entry))) || undone.contains(&entry.node);
        self.rewind(&history, drop, None).await
    }

    /// Lets a run go on without the value of a node that failed, where the workflow says `allow_skip`; of a run [inside
    /// another](Self::children), the run around it goes on.
    ///
    /// # Errors
    /// If there is no such run or node, the run has not ended, or the node may not be skipped.
    pub async fn skip(&self, id: &str, node: &str, by: &str) -> Result<(), SteerError> {
        let located = self.locate(id).await?;
        let history = self.own_history(located.outermost.as_str()).await?;
        unsuccessful(&history)?;
        let registered = self.registered(&located.history.run)?;
        let refused = |reason| SteerError::node(node, reason);
        let Some(layout) = registered.program.layout().find(path(node)) else {
            return Err(refused("is not a node of this workflow"));
        };
        if layout.spec.allow_skip.is_empty() {
            return Err(refused(
                "may not be skipped: its workflow does not say `allow_skip`",
            ));
        }
        let name = format!("{}{node}", located.within);
        let mut entries = history.entries.iter().rev();
        let failed = entries.find(|entry| entry.node == name);
        let Some(failed) = failed.filter(|entry| entry.kind == EntryKind::Failed) else {
            return Err(refused("has not failed"));
        };
        let skipped = Entry {
            kind: EntryKind::Skipped,
            value: Some(Value::from(by).to_string()),
            at: self.durability.clock.now(),
            ..failed.clone()
        };
        let undone = undone(&history);
        let drop = |entry: &Entry| undone.contains(&entry.node);
        self.rewind(&history, drop, Some(skipped)).await
    }

    /// Takes an ended run up again without what was recorded of its failure and what else is to be dropped.
    async fn rewind(
        &self,
        history: &History,
        drop: impl Fn(&Entry) -> bool,
        added: Option<Entry>,
    ) -> Result<(), SteerError> {
        let failed = failed(history);
        let at_the_end = self.runs_at_the_end(&history.run);
        let is_of_the_end = |entry: &Entry| at_the_end.contains(root(about(entry)));
        let entries = history.entries.iter();
        let dropped = entries
            .filter(|entry| is_of_a_failure(entry, &failed) || is_of_the_end(entry) || drop(entry));
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
        let mut anew = undone(history);
        let ended = history.entries.iter().filter(|entry| is_of_the_end(entry));
        let ended = ended.filter(|entry| entry.kind == EntryKind::Done);
        anew.extend(ended.map(|entry| entry.node.clone()));
        // In an order of their own, so that the same history is recorded alike each time.
        let mut anew: Vec<_> = anew.into_iter().collect();
        anew.sort_unstable();
        let again = anew.iter().map(|instance| Entry {
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
            deadline: self.deadline(&history.run, now),
            now,
        };
        self.submit(&history.run.id, change).await?;
        self.durability.stir();
        Ok(())
    }

    /// The nodes that run when a run ends, and again when it ends again.
    fn runs_at_the_end(&self, run: &RunRecord) -> HashSet<&'static str> {
        let nodes = self
            .registered(run)
            .map_or(&[][..], |registered| registered.program.spec.scope.nodes);
        let last = nodes.iter().filter(|node| node.finally);
        last.map(|node| node.name).collect()
    }

    /// When a run is out of time that begins again now: it has its whole span anew.
    fn deadline(&self, run: &RunRecord, now: Millis) -> Option<Millis> {
        let span = match self.registered(run) {
            Ok(registered) => registered.program.spec.deadline.map(millis),
            Err(_) => run.deadline.map(|deadline| deadline - run.started_at),
        };
        span.map(|span| now.saturating_add(span))
    }

    /// The nodes of a workflow that follow from one, itself included, by their outermost names.
    fn following(&self, run: &RunRecord, node: &str) -> Result<HashSet<&'static str>, SteerError> {
        let spec = self.registered(run)?.program.spec;
        following(spec, root(node))
            .ok_or_else(|| SteerError::node(node, "is not a node of this workflow"))
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
        let history = self.own_history(id).await?;
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
        let mut history = self.own_history(id).await?;
        let again = self.following(&history.run, node)?;
        let failed = failed(&history);
        let entries = std::mem::take(&mut history.entries);
        let kept = entries.into_iter().filter(|entry| {
            !again.contains(root(about(entry))) && !is_of_a_failure(entry, &failed)
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
        if new_id.is_empty() {
            let reason = "the new run's id is empty".to_owned();
            return Err(SteerError::Value { reason });
        }
        let input = input.map_or(history.run.input.clone(), Value::to_string);
        if let Ok(registered) = self.registered(&history.run) {
            registered
                .check_input(&input)
                .map_err(|error| SteerError::value(&error))?;
        }
        let now = self.durability.clock.now();
        let id = RunId::new(new_id);
        let deadline = self.deadline(&history.run, now);
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
            deadline,
            owner: None,
            entries,
            at_most: None,
            artifacts: Vec::new(),
            artifacts_of: Some(history.run.key),
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
}

/// Whether it tells of a failure and the attempts before it, or of what was undone after one.
fn is_of_a_failure(entry: &Entry, failed: &HashSet<String>) -> bool {
    match entry.kind {
        EntryKind::Failed | EntryKind::Undone | EntryKind::UndoFailed => true,
        // What is called again has all its attempts again.
        EntryKind::Started => failed.contains(&entry.node),
        _ if entry.node.starts_with(UNDOING) => true,
        // A run inside that did not succeed goes on.
        _ => {
            let inside = children::derived(entry).and_then(|_| children::read_end(entry));
            inside.is_some_and(|status| status != RunStatus::Completed)
        }
    }
}

/// The node that an entry is about; of one about a run inside, the node that runs it.
fn about(entry: &Entry) -> &str {
    let node = children::derived(entry).unwrap_or(&entry.node);
    node.split('~').next().unwrap_or(node)
}

/// The calls that failed.
fn failed(history: &History) -> HashSet<String> {
    let entries = history.entries.iter();
    let failed = entries.filter(|entry| entry.kind == EntryKind::Failed);
    failed.map(|entry| entry.node.clone()).collect()
}

/// The calls that were undone, or were to be.
fn undone(history: &History) -> HashSet<String> {
    let entries = history.entries.iter();
    let undone =
        entries.filter(|entry| matches!(entry.kind, EntryKind::Undone | EntryKind::UndoFailed));
    undone.map(|entry| entry.node.clone()).collect()
}

/// The nodes whose values were rejected.
fn rejected(history: &History) -> HashSet<String> {
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

fn following(spec: &WorkflowSpec, node: &str) -> Option<HashSet<&'static str>> {
    let nodes = spec.scope.nodes;
    let first = nodes.iter().position(|known| known.name == node)?;
    let mut found = HashSet::from([first]);
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
