//! What must hold, whatever happened in between.

use std::collections::{BTreeMap, BTreeSet};

use orch_core::run::RunStatus;

use super::graph::{Decided, Does, Fate, Graph, Node, Scope, Sent};
use super::life::{RUN, kept};
use super::world::{Happened, World};
use crate::store::{Entry, EntryKind, History};

/// What a call gives.
pub(super) fn value(node: &Node, items: &[usize], read: u64) -> u64 {
    let own: usize = node.name.bytes().map(usize::from).sum();
    let items: usize = items.iter().map(|item| item + 1).sum();
    (read * 31 + own as u64 + 7 * items as u64) % 1_000_003
}

/// What is sent to a node that waits.
pub(super) fn sent(node: &str) -> u64 {
    node.len() as u64 * 1_000 + 1
}

/// What signals carried that came about when their time ran out; nobody else can tell whether they were in time.
type Came = BTreeMap<String, u64>;

fn came(history: &History) -> Came {
    let received = history.entries.iter();
    let received = received.filter(|entry| entry.kind == EntryKind::Received);
    let value = |entry: &Entry| entry.value.as_ref().and_then(|value| value.parse().ok());
    received
        .map(|entry| (entry.node.clone(), value(entry).unwrap_or(0)))
        .collect()
}

/// What a scope gives when nothing disturbs it; `None` if it fails.
fn total(scope: &Scope, items: &[usize], came: &Came) -> Option<u64> {
    let mut values: Vec<Option<u64>> = Vec::new();
    let mut fails = false;
    for node in scope {
        let blocked = !node.all_done && node.reads.iter().any(|idx| values[*idx].is_none());
        let read = node.reads.iter().filter_map(|idx| values[*idx]).sum();
        let value = match blocked {
            true => None,
            false => outcome(node, items, read, came),
        };
        fails |= value.is_none() && node.is_wanted() && !node.optional;
        values.push(value.or(node.optional.then_some(0)));
    }
    let results = scope.iter().zip(&values);
    let results = results.filter(|(node, _)| node.is_wanted());
    let total = results.map(|(_, value)| value.unwrap_or(0)).sum();
    (!fails).then_some(total)
}

fn outcome(node: &Node, items: &[usize], read: u64, came: &Came) -> Option<u64> {
    match &node.does {
        Does::Call { fate, decided, .. } => {
            let gives = matches!(fate, Fate::Gives | Fate::Stumbles);
            let passes = *decided != Some(Decided::Rejected);
            (gives && passes).then(|| value(node, items, read))
        }
        Does::For { items: count, body } => {
            let each = (0..*count).map(|item| total(body, &[items, &[item]].concat(), came));
            each.sum()
        }
        Does::Branch { arm, arms } => total(&arms[*arm], items, came),
        Does::Sleep(_) => Some(0),
        Does::Signal(Sent::Always) => Some(sent(node.name)),
        Does::Signal(Sent::Never) => Some(0),
        Does::Signal(Sent::Raced) => Some(came.get(node.name).copied().unwrap_or(0)),
    }
}

/// What does not hold.
pub(super) fn wrong(graph: &Graph, world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(history) = kept(world) else {
        return vec!["the run was lost".to_owned()];
    };
    let came = came(&history);
    let expected = total(&graph.nodes, &[], &came);
    let run = &history.run;
    let cancelled = history
        .signals
        .iter()
        .any(|signal| signal.name == "@cancel");
    match (run.status, expected) {
        (RunStatus::Completed, Some(total)) if run.output == Some(total.to_string()) => {}
        (RunStatus::Failed | RunStatus::Panicked, None) => {}
        (RunStatus::Cancelled, _) if cancelled => {}
        (status, _) => wrong.push(format!(
            "it is {status:?} with {:?} and {:?}, and was to give {expected:?}",
            run.output, run.error
        )),
    }
    for node in &graph.nodes {
        let carried = came.get(node.name).copied().unwrap_or(0);
        if matches!(node.does, Does::Signal(_)) && ![0, sent(node.name)].contains(&carried) {
            wrong.push(format!("{} took {carried}", node.name));
        }
    }
    let log = world.log();
    calls(&log, &mut wrong);
    undoing(graph, &log, run.status, &mut wrong);
    if !wrong.is_empty() {
        wrong.push(format!("{log:?}"));
        wrong.push(format!("{:?}", graph.nodes));
    }
    wrong
}

fn key(node: &str) -> String {
    format!("{RUN}/{node}")
}

/// The node's path of a key.
fn path(key: &str) -> String {
    let parts = key.split('/').skip(1);
    let names: Vec<&str> = parts
        .filter(|part| part.parse::<usize>().is_err())
        .collect();
    names.join("/")
}

/// What was recorded was done before, once, and never again.
fn calls(log: &[Happened], wrong: &mut Vec<String>) {
    let mut ended: BTreeSet<&str> = BTreeSet::new();
    let mut recorded: BTreeSet<String> = BTreeSet::new();
    let mut undone: BTreeSet<String> = BTreeSet::new();
    let mut begun: BTreeSet<&str> = BTreeSet::new();
    for happened in log {
        match happened {
            Happened::Began(call) => {
                begun.insert(call);
                if recorded.contains(call) {
                    wrong.push(format!("{call} was called after it was recorded"));
                }
            }
            Happened::Gave(call) | Happened::Failed(call) => {
                ended.insert(call);
            }
            Happened::Recorded(kind @ (EntryKind::Done | EntryKind::Failed), node) => {
                let call = key(node);
                if begun.contains(call.as_str()) && !ended.contains(call.as_str()) {
                    wrong.push(format!(
                        "{call} was recorded as {kind:?} before it had ended"
                    ));
                }
                if !recorded.insert(call) {
                    wrong.push(format!("{node} was recorded twice"));
                }
            }
            Happened::Undid(call) if undone.contains(call) => {
                wrong.push(format!("{call} was undone after that was recorded"));
            }
            Happened::Recorded(EntryKind::Undone, node) if !undone.insert(key(node)) => {
                wrong.push(format!("{node} was recorded as undone twice"));
            }
            _ => {}
        }
    }
}

/// What had an effect is undone if the run does not succeed, the last first, and nothing if it does.
fn undoing(graph: &Graph, log: &[Happened], status: RunStatus, wrong: &mut Vec<String>) {
    let mut first = BTreeMap::new();
    for (at, happened) in log.iter().enumerate() {
        if let Happened::Undid(call) = happened {
            // The time that counts is that of the last, as one before may have been cut off.
            first.insert(call.as_str(), at);
        }
    }
    if status == RunStatus::Completed {
        if let Some(call) = first.keys().next() {
            wrong.push(format!("{call} was undone in a run that succeeded"));
        }
        return;
    }
    let undone = |call: &str| match graph.find(&path(call)).does {
        Does::Call { undone, fate, .. } => undone && matches!(fate, Fate::Gives | Fate::Stumbles),
        _ => false,
    };
    let mut done: Vec<String> = Vec::new();
    for happened in log {
        match happened {
            Happened::Gave(call) if undone(call) && !first.contains_key(call.as_str()) => {
                wrong.push(format!("{call} was not undone"));
            }
            Happened::Began(call) if undone(call) => {
                let later = first.get(call.as_str());
                let before = done.iter().filter(|before| *before != call);
                let early = before.filter(|before| first.get(before.as_str()) < later);
                wrong.extend(early.map(|before| {
                    format!("{before} was over before {call} began, and was undone before it")
                }));
            }
            Happened::Recorded(EntryKind::Done, node) if undone(&key(node)) => {
                done.push(key(node));
            }
            _ => {}
        }
    }
}
