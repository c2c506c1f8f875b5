//! What was recorded of nodes before a run was taken up, made of its entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::record::Record;
use crate::store::{Entry, EntryKind, Json, Millis};

/// What was recorded of one node or item.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// How it ended: its value, its error, that it was skipped or what it received.
    pub(crate) end: Option<(EntryKind, Option<Json>)>,
    /// The number of the entry that says how it ended.
    pub(crate) seq: i64,
    /// The attempt that was begun last, or is due.
    pub(crate) began: Option<Began>,
    /// What tiers failed with of which nobody knows whether they did what they were to do.
    pub(crate) doubts: Vec<Doubt>,
    /// The turn that is next, and the state it begins with.
    pub(crate) turn: Option<(u32, Json)>,
    /// The arm that was taken, or how many items there are.
    pub(crate) arm: Option<Json>,
    /// When its wait ends.
    pub(crate) until: Option<Millis>,
    /// What was decided at its checkpoint, and the number of the entry that says so.
    pub(crate) decision: Option<(Json, i64)>,
    /// The tiers that were undone, each with what undoing it failed with, if it did.
    pub(crate) undone: Vec<(usize, Option<Json>)>,
    /// The items it is about.
    pub(crate) item: Option<String>,
}

/// A tier that failed and may have done what it was to do.
#[derive(Debug)]
pub(crate) struct Doubt {
    pub(crate) tier: usize,
    /// The number of the entry that says so.
    pub(crate) seq: i64,
    pub(crate) error: Json,
}

/// An attempt that was begun, or is due.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Began {
    /// Which callee of the node's fallback chain.
    pub(crate) tier: usize,
    /// Counted from 1.
    #[serde(skip_serializing_if = "is_first")]
    pub(crate) attempt: u32,
    /// When it is to be made; `None` of one that may have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<Millis>,
    /// What the attempt before it failed with, or the tier before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<Box<RawValue>>,
}

fn is_first(attempt: &u32) -> bool {
    *attempt <= 1
}

impl Began {
    pub(crate) fn new(tier: usize, attempt: u32) -> Self {
        Self {
            tier,
            attempt,
            ..Self::default()
        }
    }

    /// As it is kept: the number of the tier where there is nothing more to say.
    pub(crate) fn into_json(self) -> Json {
        if self.attempt <= 1 && self.due.is_none() && self.failed.is_none() {
            return self.tier.to_string();
        }
        // Every part of it has a place in JSON.
        serde_json::to_string(&self).unwrap_or_else(|_| self.tier.to_string())
    }

    /// Whether what failed before may have done what it was to do.
    pub(crate) fn leaves_in_doubt(&self) -> bool {
        let failed = self.failed.as_ref();
        failed.is_some_and(|error| Record::leaves_in_doubt(error.get()))
    }

    pub(crate) fn parse(json: &str) -> Option<Self> {
        let mut began = match json.parse() {
            Ok(tier) => Self::new(tier, 1),
            Err(_) => serde_json::from_str::<Self>(json).ok()?,
        };
        began.attempt = began.attempt.max(1);
        Some(began)
    }
}

impl Known {
    /// Which turn, tier and attempt what was recorded last is about.
    pub(crate) fn call(&self) -> (u32, usize, u32) {
        let turn = self.turn.as_ref().map_or(0, |(turn, _)| *turn);
        match &self.began {
            Some(began) => (turn, began.tier, began.attempt),
            None => (turn, 0, 1),
        }
    }
}

/// By node, item and turn; ordered, so that what is inside a node stands behind it.
pub(crate) type Everything = BTreeMap<String, Known>;

/// What a run's entries say.
pub(crate) fn known(entries: Vec<Entry>) -> Everything {
    let mut found = Everything::new();
    for entry in entries {
        if entry.kind == EntryKind::Turn {
            // `poll#2` begins with this state: it is about the node `poll`.
            if let Some((node, turn)) = entry.node.rsplit_once('#')
                && let Ok(turn) = turn.parse()
            {
                let known = found.entry(node.to_owned()).or_default();
                known.turn = entry.value.map(|state| (turn, state));
                known.began = None;
                known.item = entry.item;
            }
            continue;
        }
        let known = found.entry(entry.node.clone()).or_default();
        if entry.item.is_some() {
            known.item = entry.item;
        }
        match entry.kind {
            EntryKind::Started => {
                let before = known.call();
                let mut began = entry.value.as_deref().and_then(Began::parse);
                if let Some(began) = &mut began
                    && began.due.is_none()
                    && let Some(error) = began.failed.take()
                    && Record::leaves_in_doubt(error.get())
                {
                    known.doubts.push(Doubt {
                        tier: began.tier.saturating_sub(1),
                        seq: entry.seq,
                        error: error.get().to_owned(),
                    });
                }
                known.began = began;
                if known.call() != before {
                    forget_inside(&mut found, &entry.node);
                }
            }
            EntryKind::Arm => known.arm = entry.value,
            EntryKind::Wait => known.until = entry.value.and_then(|until| until.parse().ok()),
            EntryKind::Decided => {
                known.decision = entry.value.map(|decision| (decision, entry.seq));
            }
            EntryKind::Undone => {
                let tier = entry.value.and_then(|tier| tier.parse().ok());
                known.undone.push((tier.unwrap_or(0), None));
            }
            EntryKind::UndoFailed => {
                let error = entry.value.unwrap_or_else(|| "{}".to_owned());
                let tier = serde_json::from_str::<UndoneTier>(&error).map_or(0, |of| of.tier);
                known.undone.push((tier, Some(error)));
            }
            kind => {
                known.end = Some((kind, entry.value));
                known.seq = entry.seq;
            }
        }
    }
    found
}

/// The tier that an error of undoing is about.
#[derive(Deserialize)]
struct UndoneTier {
    #[serde(default)]
    tier: usize,
}

/// What a workflow inside a node recorded is not about the next time that it is run there.
fn forget_inside(found: &mut Everything, node: &str) {
    // The character after a slash.
    let inside = format!("{node}/")..format!("{node}0");
    let names: Vec<String> = found.range(inside).map(|(name, _)| name.clone()).collect();
    for name in names {
        found.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: i64, node: &str, kind: EntryKind, value: &str) -> Entry {
        Entry {
            seq,
            node: node.to_owned(),
            kind,
            value: Some(value.to_owned()),
            item: None,
            at: 0,
        }
    }

    #[test]
    fn what_is_inside_holds_for_one_attempt() {
        let mut entries = vec![
            entry(1, "a/x", EntryKind::Done, "1"),
            entry(2, "a0", EntryKind::Done, "2"),
            entry(3, "a", EntryKind::Started, "0"),
        ];
        assert!(
            known(entries.clone()).contains_key("a/x"),
            "it is the first attempt"
        );
        entries.push(entry(
            4,
            "a",
            EntryKind::Started,
            r#"{"tier":0,"attempt":2,"due":7}"#,
        ));
        let found = known(entries.clone());
        assert!(!found.contains_key("a/x") && found.contains_key("a0"));
        assert_eq!(found["a"].call(), (0, 0, 2));
        entries.push(entry(5, "a/x", EntryKind::Done, "3"));
        assert!(
            known(entries).contains_key("a/x"),
            "it is of the second attempt"
        );
    }

    #[test]
    fn attempts_count_anew_in_each_turn() {
        let entries = vec![
            entry(1, "a", EntryKind::Started, r#"{"tier":0,"attempt":2}"#),
            entry(2, "a#1", EntryKind::Turn, "{}"),
        ];
        assert_eq!(known(entries)["a"].call(), (1, 0, 1));
    }

    #[test]
    fn what_began_is_kept_as_short_as_it_can_be() {
        assert_eq!(Began::new(2, 1).into_json(), "2");
        let due = Began {
            due: Some(5),
            ..Began::new(0, 3)
        };
        let json = due.into_json();
        assert_eq!(json, r#"{"tier":0,"attempt":3,"due":5}"#);
        let read = Began::parse(&json).unwrap();
        assert_eq!((read.tier, read.attempt, read.due), (0, 3, Some(5)));
    }
}
