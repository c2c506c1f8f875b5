//! The attempts of a node's call, as they were recorded.

use serde::Serialize;
use serde_json::Value;

use super::info::value;
use super::{Runs, SteerError};
use crate::engine::known::Began;
use crate::store::{Entry, EntryKind, Millis};

/// One attempt of a node's call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    /// Which turn of a repeated node, counted from 0.
    pub turn: u32,
    /// Which callee of the node's fallback chain, counted from 0.
    pub tier: usize,
    /// Counted from 1 in its turn and tier.
    pub attempt: u32,
    /// When it was put on record that it is under way or due, in milliseconds since the Unix epoch; `None` of one that
    /// ended before it was.
    pub noted_at: Option<Millis>,
    /// When it ended, in milliseconds since the Unix epoch; `None` of one that is under way, or that died with its process.
    pub ended_at: Option<Millis>,
    /// How it ended.
    pub ended: AttemptEnd,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptEnd {
    /// It gave this value.
    Gave(Value),
    /// It failed, with this error as it is recorded: with code, node, step, attempt and message.
    Failed(Value),
    /// Its process died, or let go of the run, before it ended.
    Lost,
    /// It is under way, or waits until it is due.
    UnderWay,
}

impl Attempt {
    fn first_of(turn: u32) -> Self {
        Self {
            turn,
            tier: 0,
            attempt: 1,
            noted_at: None,
            ended_at: None,
            ended: AttemptEnd::UnderWay,
        }
    }

    fn end(&mut self, at: Millis, ended: AttemptEnd) {
        self.ended_at = Some(at);
        self.ended = ended;
    }
}

impl Runs {
    /// The attempts of a node's call, with the items around the node, `parcels/pack/3`, in the order in which they were
    /// made: those that failed, with what; those that were lost with their process; and the last.
    ///
    /// What the call took is what the nodes gave that it reads, as [`history`](Self::history) has it.
    /// A first attempt that ended within 20 ms is on record by what follows from it alone; so is one whose process died as
    /// soon, which is then not told from the next.
    ///
    /// # Errors
    /// If there is no such run, nothing was recorded of such a node, or the store cannot be read.
    pub async fn attempts(&self, id: &str, node: &str) -> Result<Vec<Attempt>, SteerError> {
        let history = self.history(id).await?;
        let mut attempts = attempts(&history.entries, node);
        if attempts.is_empty() {
            return Err(SteerError::node(node, "has nothing on record"));
        }
        if history.run.status.is_ended()
            && let Some(last) = attempts.last_mut()
            && last.ended == AttemptEnd::UnderWay
        {
            last.ended = AttemptEnd::Lost;
        }
        Ok(attempts)
    }
}

fn attempts(entries: &[Entry], node: &str) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut is_due = false;
    for entry in entries {
        let turn = entry.node.strip_prefix(node);
        let turn = turn.and_then(|rest| rest.strip_prefix('#'));
        if let (EntryKind::Turn, Some(Ok(turn))) = (entry.kind, turn.map(str::parse)) {
            // It begins with what the turn before gave.
            if let Some(before) = attempts.last_mut() {
                let turn = entry.value.as_deref().map(value);
                let gave = turn.and_then(|turn| turn.get("state").cloned());
                before.end(entry.at, AttemptEnd::Gave(gave.unwrap_or_default()));
            }
            attempts.push(Attempt::first_of(turn));
            continue;
        }
        if entry.node != node {
            continue;
        }
        let json = entry.value.as_deref();
        match entry.kind {
            EntryKind::Started => {
                if let Some(began) = json.and_then(Began::parse) {
                    let due = began.due.is_some();
                    begin(&mut attempts, began, entry.at, is_due);
                    is_due = due;
                }
            }
            EntryKind::Done => {
                let gave = json.map(value).unwrap_or_default();
                last(&mut attempts).end(entry.at, AttemptEnd::Gave(gave));
            }
            EntryKind::Failed => {
                let error = json.map(value).unwrap_or_default();
                let attempt = error.get("attempt").and_then(Value::as_u64);
                let last = last(&mut attempts);
                last.attempt = attempt.map_or(last.attempt, |attempt| attempt.max(1) as u32);
                last.end(entry.at, AttemptEnd::Failed(error));
            }
            _ => {}
        }
    }
    attempts
}

fn last(attempts: &mut Vec<Attempt>) -> &mut Attempt {
    if attempts.is_empty() {
        attempts.push(Attempt::first_of(0));
    }
    let last = attempts.len() - 1;
    &mut attempts[last]
}

/// An attempt is under way or due: how the one before it ended is known by that, unless that was due and is under way.
fn begin(attempts: &mut Vec<Attempt>, began: Began, at: Millis, was_due: bool) {
    let before = last(attempts);
    let turn = before.turn;
    let is_same = (before.tier, before.attempt) == (began.tier, began.attempt);
    if is_same && began.failed.is_none() && (was_due || before.noted_at.is_none()) {
        before.noted_at = Some(at);
        return;
    }
    if before.ended == AttemptEnd::UnderWay {
        match began.failed {
            Some(error) => before.end(at, AttemptEnd::Failed(value(error.get()))),
            None => before.ended = AttemptEnd::Lost,
        }
    }
    attempts.push(Attempt {
        tier: began.tier,
        attempt: began.attempt,
        noted_at: Some(at),
        ..Attempt::first_of(turn)
    });
}
