//! Deciding about values that wait at a checkpoint.

use std::collections::HashMap;

use serde_json::Value;

use super::children::{Child, Located, children};
use super::info::value;
use super::{Checkpoint, Runs, SteerError, path};
use crate::engine::journaled::{Decision, decision_about, decision_event};
use crate::engine::layout::NodeLayout;
use crate::store::{Applied, Change, EntryKind, Json, RunRecord};

impl Runs {
    /// The values of a run that wait for a decision, and those of runs [inside it](Self::children) whose workflows are
    /// registered here.
    ///
    /// # Errors
    /// If there is no such run, its workflow is not registered here, or the store cannot be read.
    pub async fn checkpoints(&self, id: &str) -> Result<Vec<Checkpoint>, SteerError> {
        self.checkpoints_of(&self.locate(id).await?)
    }

    fn checkpoints_of(&self, located: &Located) -> Result<Vec<Checkpoint>, SteerError> {
        let history = &located.history;
        let own = self.registered(&history.run)?;
        let children = children(history);
        let by_node: HashMap<&str, &Child> = children.iter().map(|run| (run.node(), run)).collect();
        // Which run an entry is of, and the name that its node has there.
        let of = |name: &str| {
            let within = |(at, _)| Some((*by_node.get(&name[..at])?, &name[at + 1..]));
            match name.rmatch_indices('/').find_map(within) {
                Some((child, node)) => {
                    let registered = self.durability.registered(child.workflow())?;
                    Some((child.id(&history.run), registered, node.to_owned()))
                }
                None => Some((history.run.id.clone(), own, name.to_owned())),
            }
        };
        let mut waiting: Vec<(&str, Checkpoint)> = Vec::new();
        for entry in &history.entries {
            let name = entry.node.as_str();
            match entry.kind {
                EntryKind::Done => {
                    let Some((run, registered, node)) = of(name) else {
                        continue;
                    };
                    let layout = registered.program.layout().find(path(&node));
                    let checkpoint = layout.and_then(NodeLayout::checkpoint);
                    if let (Some(checkpoint), Some(json)) = (checkpoint, &entry.value) {
                        waiting.retain(|(known, _)| *known != name);
                        let checkpoint = Checkpoint {
                            run,
                            node,
                            value: value(json),
                            approvers: checkpoint.approvers.to_vec(),
                            expires_at: None,
                        };
                        waiting.push((name, checkpoint));
                    }
                }
                EntryKind::Wait => {
                    let until = entry.value.as_ref().and_then(|until| until.parse().ok());
                    let about = waiting.iter_mut().find(|(known, _)| *known == name);
                    if let Some((_, about)) = about {
                        about.expires_at = until;
                    }
                }
                EntryKind::Decided => waiting.retain(|(known, _)| *known != name),
                _ => {}
            }
        }
        let past = located.retried_after;
        let sent = |name: &str| {
            let about = decision_about(name);
            let mut signals = history.signals.iter();
            signals.any(|signal| signal.name == about && signal.number > past)
        };
        waiting.retain(|(name, _)| !sent(name));
        Ok(waiting.into_iter().map(|(_, waits)| waits).collect())
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
        let located = self.locate(id).await?;
        let waiting = self.checkpoints_of(&located)?;
        let own =
            |waiting: &Checkpoint| waiting.run == located.history.run.id && waiting.node == node;
        let Some(checkpoint) = waiting.into_iter().find(own) else {
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
            self.check_value(&located.history.run, node, edited)?;
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
        let name = decision_about(&format!("{}{node}", located.within));
        let event = decision_event(located.retried_after);
        let run = located.outermost;
        let change = Change::Signal {
            run: run.clone(),
            name,
            event: Some(event),
            value: decision,
            at: self.durability.clock.now(),
        };
        let sent = self.submit(&run, change).await?;
        let Applied::Signalled {
            run, fresh: true, ..
        } = sent
        else {
            return Err(SteerError::node(node, "was decided about already"));
        };
        self.durability.signalled_here(run).await;
        Ok(())
    }

    /// Checks that a value is what a node gives.
    fn check_value(&self, run: &RunRecord, node: &str, json: &str) -> Result<(), SteerError> {
        self.registered(run)?
            .check_value(path(node), json)
            .map_err(|error| SteerError::value(&error))
    }
}
