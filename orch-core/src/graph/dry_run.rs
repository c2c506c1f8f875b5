//! A dry run: what would run in which order under which policies.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::Serialize;

use super::scope::links_into;
use super::table::Table;
use super::{Fingerprint, Graph, Node, Scope, shape};
#[cfg(feature = "serde")]
use crate::duration;
use crate::duration::Human;
use crate::plan::{Rule, Schedule, ScopeSpec};
use crate::policy::Policies;

/// What would run in which order under which policies; nothing was run to know it.
///
/// Nodes are shown in waves: a node's wave is the number of nodes in the longest chain up to it.
/// A run knows no waves and no barriers: a node starts as soon as what it waits for has ended.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct Plan {
    /// The workflow's name.
    pub workflow: &'static str,
    /// Its version; empty when there is none.
    pub version: &'static str,
    /// What identifies its structure.
    pub fingerprint: Fingerprint,
    /// How many nodes it has, those inside bodies and arms not counted.
    pub nodes: usize,
    /// How many nodes are inside bodies and arms, counted once however often they run.
    pub inner_nodes: usize,
    /// The most nodes that can be under way at once, as [`Graph::width`] counts them.
    pub width: usize,
    /// How many nodes may be under way at once in one run; unlimited by default.
    pub concurrency: Option<u32>,
    /// How long a run may take; unbounded by default.
    #[cfg_attr(feature = "serde", serde(serialize_with = "duration::optional"))]
    pub deadline: Option<Duration>,
    /// Whether runs are kept in a store.
    pub durable: bool,
    /// When runs start by themselves; never by default.
    pub schedule: Option<Schedule>,
    /// The paths of the longest chain of calls.
    ///
    /// A body counts as if it had one item, a branch as its longest arm, a repetition as one turn;
    /// `finally` nodes are left out.
    pub critical_path: Vec<String>,
    /// The nodes, by the length of the longest chain up to them.
    pub waves: Vec<Wave>,
    /// The nodes that run after all others, however the run ends.
    pub finally: Vec<PlannedNode>,
}

/// Nodes with equally many nodes before them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct Wave {
    /// The wave's number, from 1.
    pub number: usize,
    /// Its nodes, in topological order.
    pub nodes: Vec<PlannedNode>,
}

/// What is planned for a node.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct PlannedNode {
    /// Its name after those of the nodes it is inside.
    pub path: String,
    /// `step`, `workflow`, `repeat`, `for` or `branch`.
    pub kind: &'static str,
    /// What it does, in words.
    pub runs: String,
    /// What it calls itself: the second and each further call only when the one before it failed.
    pub calls: Vec<PlannedCall>,
    /// The names of the nodes it waits for.
    pub waits_for: Vec<&'static str>,
    /// When it starts, given how those ended.
    pub rule: Rule,
    /// Whether its failure is an absent value instead of the run's failure.
    pub optional: bool,
    /// What is unusual about when it runs and what becomes of its value, in words.
    pub marks: Vec<String>,
    /// What holds for it in words; empty when nothing does.
    pub policies: String,
    /// A `for`'s body or a branch's arms.
    pub inner: Vec<PlannedScope>,
}

/// A call with what holds for it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct PlannedCall {
    /// The name of the step or the workflow.
    pub name: &'static str,
    /// What holds for the call: the options of this use over those of the step.
    pub policies: Policies,
}

/// What is planned inside a node.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct PlannedScope {
    /// The arm's pattern or condition, as written; empty for a body.
    pub label: &'static str,
    /// The nodes, by the length of the longest chain up to them.
    pub waves: Vec<Wave>,
    /// The nodes that run after all others.
    pub finally: Vec<PlannedNode>,
}

impl Plan {
    pub(super) fn of(graph: Graph) -> Self {
        let spec = graph.spec();
        let PlannedScope { waves, finally, .. } = PlannedScope::of(&graph.scope());
        Self {
            workflow: spec.name,
            version: spec.version,
            fingerprint: graph.fingerprint(),
            nodes: spec.scope.nodes.len(),
            inner_nodes: graph.nodes().map(|node| count_inside(&node)).sum(),
            width: graph.width(),
            concurrency: spec.concurrency,
            deadline: spec.deadline,
            durable: spec.durable,
            schedule: spec.schedule,
            critical_path: critical_path(&graph.scope()),
            waves,
            finally,
        }
    }
}

impl PlannedScope {
    fn of(scope: &Scope) -> Self {
        let mut waves: Vec<Wave> = Vec::new();
        let mut finally = Vec::new();
        for (node, level) in scope.nodes().zip(shape::levels(scope.spec())) {
            if node.is_finally() {
                finally.push(PlannedNode::of(&node));
                continue;
            }
            while waves.len() < level {
                waves.push(Wave {
                    number: waves.len() + 1,
                    nodes: Vec::new(),
                });
            }
            waves[level - 1].nodes.push(PlannedNode::of(&node));
        }
        Self {
            label: scope.label(),
            waves,
            finally,
        }
    }
}

impl PlannedNode {
    fn of(node: &Node) -> Self {
        let calls: Vec<PlannedCall> = node
            .calls()
            .map(|call| PlannedCall {
                name: call.name(),
                policies: call.policies(),
            })
            .collect();
        let mut waits_for = node.reads();
        waits_for.extend(node.after());
        Self {
            path: node.path().to_owned(),
            kind: node.kind(),
            runs: node.summary(),
            waits_for,
            rule: node.rule(),
            optional: node.is_optional(),
            marks: node.marks(),
            policies: policies_in_words(node, &calls),
            calls,
            inner: node.scopes().iter().map(PlannedScope::of).collect(),
        }
    }
}

fn policies_in_words(node: &Node, calls: &[PlannedCall]) -> String {
    let words = |policies: Policies| {
        if policies.is_none() {
            String::new()
        } else {
            policies.to_string()
        }
    };
    match calls {
        [] | [_] => words(node.policies()),
        chain => {
            let each = chain.iter().filter(|call| !call.policies.is_none());
            let each: Vec<String> = each
                .map(|call| format!("{}: {}", call.name, call.policies))
                .collect();
            each.join("; ")
        }
    }
}

fn count_inside(node: &Node) -> usize {
    let inside = |scope: &Scope| {
        scope
            .nodes()
            .map(|node| 1 + count_inside(&node))
            .sum::<usize>()
    };
    node.scopes().iter().map(inside).sum()
}

/// The longest chain of calls through a scope and what is inside its nodes.
fn critical_path(scope: &Scope) -> Vec<String> {
    let spec: &ScopeSpec = scope.spec();
    // For each node the longest chain that ends with it: its length and the node before.
    let mut chains: Vec<(usize, Option<usize>)> = Vec::with_capacity(spec.nodes.len());
    let mut inside: Vec<Vec<String>> = Vec::with_capacity(spec.nodes.len());
    for node in scope.nodes() {
        let own = critical_path_inside(&node);
        let earlier = links_into(node.spec(), node.index())
            .into_iter()
            .map(|link| link.from);
        let earlier = earlier.filter(|&from| from < chains.len() && !spec.nodes[from].finally);
        // Of equally long chains the first, so that the answer is the reader's first guess.
        let before = earlier.rev().max_by_key(|&from| chains[from].0);
        let length = before.map_or(0, |from| chains[from].0);
        chains.push((length + own.len(), before));
        inside.push(own);
    }
    let ends = (0..chains.len())
        .rev()
        .filter(|&node| !spec.nodes[node].finally);
    let mut at = ends.max_by_key(|&node| chains[node].0);
    let mut path = Vec::new();
    while let Some(node) = at {
        path.push(std::mem::take(&mut inside[node]));
        at = chains[node].1;
    }
    path.into_iter().rev().flatten().collect()
}

/// A node that calls nothing, because it or what it holds has only views, counts as one all the same.
fn critical_path_inside(node: &Node) -> Vec<String> {
    let scopes = node.scopes();
    let longest = scopes
        .iter()
        .map(critical_path)
        .rev()
        .max_by_key(Vec::len)
        .unwrap_or_default();
    if longest.is_empty() {
        vec![node.path().to_owned()]
    } else {
        longest
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::default();
        table.text(format!(
            "{} (dry run)",
            [self.workflow, self.version].join(" ").trim_end()
        ));
        table.text(self.facts());
        table.text(format!(
            "critical path of {}: {}",
            counted(self.critical_path.len(), "node"),
            self.critical_path.join(" -> ")
        ));
        table.text("a node starts as soon as what it waits for has ended; its wave is the length of the longest chain up to it");
        for wave in &self.waves {
            table.text(format!("\nwave {}", wave.number));
            add_rows(&mut table, &wave.nodes, 1);
        }
        if !self.finally.is_empty() {
            table.text("\nfinally, however the run ends");
            add_rows(&mut table, &self.finally, 1);
        }
        table.fmt(f)
    }
}

impl Plan {
    fn facts(&self) -> String {
        let facts = [
            Some(counted(self.nodes, "node")),
            (self.inner_nodes > 0).then(|| format!("{} inside them", self.inner_nodes)),
            Some(counted(self.waves.len(), "wave")),
            Some(format!("width {}", self.width)),
            self.concurrency.map(|max| format!("at most {max} at once")),
            self.deadline
                .map(|deadline| format!("deadline {}", Human(deadline))),
            self.durable.then(|| "durable".to_owned()),
            self.schedule
                .map(|schedule| format!("starts at `{}` ({})", schedule.cron, schedule.time_zone)),
        ];
        facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn add_rows(table: &mut Table<4>, nodes: &[PlannedNode], level: usize) {
    let indent = "  ".repeat(level);
    for node in nodes {
        table.row([
            format!("{indent}{}", node.path),
            node.runs.clone(),
            node.conditions(),
            node.policies.clone(),
        ]);
        for scope in &node.inner {
            if !scope.label.is_empty() {
                table.text(format!("{indent}  {}:", scope.label));
            }
            let deeper = if scope.label.is_empty() {
                level + 1
            } else {
                level + 2
            };
            for nodes in scope
                .waves
                .iter()
                .map(|wave| &wave.nodes)
                .chain([&scope.finally])
            {
                add_rows(table, nodes, deeper);
            }
        }
    }
}

impl PlannedNode {
    /// What it waits for, and what is unusual about it.
    fn conditions(&self) -> String {
        let before =
            (!self.waits_for.is_empty()).then(|| format!("after {}", self.waits_for.join(", ")));
        // What stands under `finally` need not say so.
        let marks = self.marks.iter().filter(|mark| *mark != "finally");
        let conditions: Vec<String> = before.into_iter().chain(marks.cloned()).collect();
        conditions.join(", ")
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
