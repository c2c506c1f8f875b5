//! Metrics: what is written is what `docs/metrics.md` lists, under labels whose values come from the plan alone.

use std::collections::{BTreeMap, BTreeSet};

use orch::graph::Graph;
use orch::prelude::*;
use orch::{ErrorKind, Orchestrator};

use crate::metrics::{
    Aging, Child, Everything, Failing, Late, Panicking, Waiting, aging, everything,
};
use crate::recorder::{Ledger, Written};

const PAGE: &str = include_str!("../../docs/metrics.md");

/// The rows of the first table after a heading; each cell as it is.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, after) = PAGE.split_once(heading).unwrap();
    let table = after.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// What is in backticks.
fn quoted(cell: &'static str) -> BTreeSet<&'static str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Everything that runs of all kinds write.
fn written() -> Vec<Written> {
    let ledger = Ledger::default();
    ledger.records(async {
        let orch = Orchestrator::builder().build().await.unwrap();
        everything(&orch).await;
        aging(&orch).await;
    });
    let own = |written: &Written| written.name == "wobbles";
    ledger
        .written()
        .into_iter()
        .filter(|written| !own(written))
        .collect()
}

#[test]
fn what_is_written_is_what_the_page_lists() {
    let mut listed = BTreeMap::new();
    for row in rows("# Metrics") {
        let name = *quoted(row[0]).first().unwrap();
        listed.insert(name.to_owned(), (row[1], quoted(row[2])));
    }
    let written = written();
    let mut found = BTreeMap::new();
    for entry in &written {
        let labels = entry.labels.keys().map(String::as_str).collect();
        let kind = (entry.kind, labels);
        let known = found.entry(entry.name.clone()).or_insert(kind.clone());
        assert_eq!(*known, kind, "{} differs from write to write", entry.name);
    }
    assert_eq!(found, listed);
}

#[test]
fn names_tell_units() {
    for row in rows("# Metrics") {
        let (name, kind, unit) = (row[0].trim_matches('`'), row[1], row[3]);
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        assert_eq!(name.ends_with("_seconds"), unit == "seconds", "{name}");
        assert_eq!(name.ends_with("_ms"), unit == "milliseconds", "{name}");
    }
}

// ---- the values of labels

/// The names in a plan.
#[derive(Default)]
struct Names {
    workflows: BTreeSet<String>,
    nodes: BTreeSet<String>,
    steps: BTreeSet<String>,
    tiers: usize,
}

impl Names {
    fn of(graphs: &[Graph]) -> Self {
        let mut names = Self::default();
        for graph in graphs {
            names.workflows.insert(graph.name().to_owned());
            names.add(graph.nodes());
        }
        names
    }

    fn add(&mut self, nodes: impl Iterator<Item = orch::graph::Node>) {
        for node in nodes {
            self.nodes.insert(node.path().to_owned());
            let calls: Vec<_> = node.calls().collect();
            self.tiers = self.tiers.max(calls.len());
            self.steps
                .extend(calls.iter().map(|call| call.name().to_owned()));
            for scope in node.scopes() {
                self.add(scope.nodes());
            }
        }
    }

    /// Whether the plan, or the page's list of words, has this value for this label of this metric.
    fn allow(&self, metric: &str, label: &str, value: &str) -> bool {
        let row = rows("## Labels")
            .into_iter()
            .find(|row| {
                let metrics = quoted(row[1]);
                quoted(row[0]).contains(label) && (metrics.is_empty() || metrics.contains(metric))
            })
            .unwrap_or_else(|| panic!("the page says nothing of `{label}` of `{metric}`"));
        let words = quoted(row[2]);
        match label {
            "workflow" | "workflow_id" | "workflow_type" => self.workflows.contains(value),
            "node" => self.nodes.contains(value),
            "step" => self.steps.contains(value) || words.contains(value),
            "tier" => value.parse().is_ok_and(|tier: usize| tier < self.tiers),
            "error_type" => ErrorKind::ALL.iter().any(|kind| kind.code() == value),
            _ => words.contains(value),
        }
    }
}

#[test]
fn values_of_labels_are_words_of_the_page_and_names_of_the_plan() {
    let names = Names::of(&[
        Everything::GRAPH,
        Child::GRAPH,
        Failing::GRAPH,
        Late::GRAPH,
        Panicking::GRAPH,
        Waiting::GRAPH,
        Aging::GRAPH,
    ]);
    let mut words = BTreeMap::<_, BTreeSet<_>>::new();
    for entry in written() {
        for (label, value) in &entry.labels {
            assert!(
                names.allow(&entry.name, label, value),
                "`{label}` of `{}` is `{value}`",
                entry.name
            );
            let seen = words
                .entry((entry.name.clone(), label.clone()))
                .or_default();
            seen.insert(value.clone());
        }
    }
    // The other way round: each word that the page promises is seen.
    for row in rows("## Labels") {
        let (labels, metrics, promised) = (quoted(row[0]), quoted(row[1]), quoted(row[2]));
        for (label, metric) in labels
            .iter()
            .flat_map(|l| metrics.iter().map(move |m| (*l, *m)))
        {
            let seen = words.get(&(metric.to_owned(), label.to_owned()));
            for &word in &promised {
                assert!(
                    seen.is_some_and(|seen| seen.contains(word)),
                    "`{label}` of `{metric}` is never `{word}`: {seen:?}"
                );
            }
        }
    }
}

/// Whether it looks like a run's id.
fn is_uuid(value: &str) -> bool {
    let groups: Vec<_> = value.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12]
}

#[test]
fn no_label_tells_runs_apart() {
    let labels = |ledger: &Ledger| -> BTreeSet<_> {
        let written = ledger.written().into_iter();
        written.map(|entry| (entry.name, entry.labels)).collect()
    };
    let id = "0190a4f3-2e5d-7c58-9b1c-5b1f1f0c2d3e";
    assert!(is_uuid(id));
    let (one, many) = (Ledger::default(), Ledger::default());
    for (ledger, times) in [(&one, 1), (&many, 4)] {
        ledger.records(async {
            let orch = Orchestrator::builder().build().await.unwrap();
            for _ in 0..times {
                everything(&orch).await;
            }
            let start = orch.start(Counts, "user data".to_owned());
            let run = start.id(id).correlation_id(id).await.unwrap();
            run.result().await.unwrap();
        });
    }
    assert_eq!(labels(&one), labels(&many));
    for (_, labels) in labels(&many) {
        assert!(
            !labels
                .values()
                .any(|value| is_uuid(value) || value.contains("user"))
        );
    }
}

// ---- handles

#[test]
fn handles_are_asked_for_once() {
    let ledger = Ledger::default();
    let asked = ledger.records(async {
        let orch = Orchestrator::builder().build().await.unwrap();
        let mut asked = Vec::new();
        for _ in 0..3 {
            everything(&orch).await;
            // Those of a step's own are asked for by the step.
            let own = ledger.sum("wobbles", &[]) as usize;
            asked.push(ledger.registered() - own);
        }
        asked
    });
    assert!(asked[0] > 100, "{asked:?}");
    assert_eq!(asked, [asked[0]; 3]);
}

// ---- a step's own

#[step(cache(key = "{text}", ttl = "1h"))]
fn counts(text: &str, #[ctx] ctx: &StepCtx) -> usize {
    ctx.counter("tokens_used").increment(7);
    ctx.gauge("quality").set(0.5);
    ctx.histogram("score").record(3.0);
    text.len()
}

#[step]
fn refuses(#[ctx] ctx: &StepCtx) -> Result<usize, std::fmt::Error> {
    ctx.counter("tokens_used").increment(1);
    Err(std::fmt::Error)
}

workflow! {
    pub Counts(text: String) -> usize {
        each = for _ in 0..3_u8 { refuses().or_else(counts(&text)) };
        each.len()
    }
}

#[test]
fn a_step_may_count_what_it_likes() {
    let ledger = Ledger::default();
    ledger
        .records(async { Counts::run("user data".to_owned()).await })
        .unwrap();
    let labels = |step| {
        [
            ("workflow", "Counts"),
            ("node", "each/refuses"),
            ("step", step),
        ]
    };
    assert_eq!(ledger.sum("tokens_used", &labels("refuses")), 3.0);
    // Two of three come from the cache.
    assert_eq!(ledger.sum("tokens_used", &labels("counts")), 7.0);
    assert_eq!(ledger.sum("quality", &labels("counts")), 0.5);
    assert_eq!(ledger.sum("score", &labels("counts")), 3.0);
    let kinds: BTreeSet<_> = ledger
        .written()
        .into_iter()
        .filter(|entry| !entry.name.contains('_') || entry.name == "tokens_used")
        .map(|entry| (entry.name, entry.kind, entry.labels.len()))
        .collect();
    let expected = [
        ("quality", "gauge"),
        ("score", "histogram"),
        ("tokens_used", "counter"),
    ];
    assert!(
        kinds
            .into_iter()
            .eq(expected.map(|(name, kind)| (name.to_owned(), kind, 3)))
    );
}

#[test]
fn every_code_of_a_failure_is_a_word() {
    let word = |code: &str| code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    assert!(ErrorKind::ALL.iter().all(|kind| word(kind.code())));
}
