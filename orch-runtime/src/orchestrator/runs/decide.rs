//! Deciding about values that wait at a checkpoint.

use std::sync::Arc;

use orch_core::run::RunId;
use serde_json::Value;

use super::info::value;
use super::{Checkpoint, Runs, SteerError, path};
use crate::engine::layout::NodeLayout;
use crate::engine::record::RETRIED;
use crate::engine::wait::{Decision, decision_about, decision_event};
use crate::orchestrator::signal::{SendSignal, To};
use crate::store::{EntryKind, History, Json, RunRecord};

impl Runs {
    /// The values of a run that wait for a decision.
    ///
    /// # Errors
    /// If there is no such run, its workflow is not registered here, or the store cannot be read.
    pub async fn checkpoints(&self, id: &str) -> Result<Vec<Checkpoint>, SteerError> {
        self.checkpoints_of(&self.own_history(id).await?)
    }

    fn checkpoints_of(&self, history: &History) -> Result<Vec<Checkpoint>, SteerError> {
        let registered = self.registered(&history.run)?;
        let layout = registered.program.layout();
        let mut waiting: Vec<Checkpoint> = Vec::new();
        for entry in &history.entries {
            match entry.kind {
                EntryKind::Done => {
                    let checkpoint = layout
                        .find(path(&entry.node))
                        .and_then(NodeLayout::checkpoint);
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
        let history = self.own_history(id).await?;
        let waiting = self.checkpoints_of(&history)?;
        let Some(checkpoint) = waiting.into_iter().find(|waiting| waiting.node == node) else {
            return Err(SteerError::node(
                node,
                "has no value that waits for a decision",
            ));
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
        let decision =
            serde_json::to_string(&decision).map_err(|error| SteerError::value(&error))?;
        let to = To::Kept(Arc::clone(&self.durability));
        let name = decision_about(node);
        let event = decision_event(retried_after(&history));
        let sent = SendSignal::json(to, RunId::new(id), &name, decision).event_id(event);
        if sent.await? {
            return Ok(());
        }
        Err(SteerError::node(node, "was decided about already"))
    }

    /// Checks that a value is what a node gives.
    fn check_value(&self, run: &RunRecord, node: &str, json: &str) -> Result<(), SteerError> {
        self.registered(run)?
            .check_value(path(node), json)
            .map_err(|error| SteerError::value(&error))
    }
}

/// The number of the last signal before the run was last taken up again from an earlier point.
fn retried_after(history: &History) -> i64 {
    let mut entries = history.entries.iter().rev();
    let last = entries.find(|entry| entry.node == RETRIED);
    let number = last.and_then(|entry| entry.value.as_ref()?.parse().ok());
    number.unwrap_or(0)
}
