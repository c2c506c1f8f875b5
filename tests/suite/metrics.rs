//! Metrics: what runs emit is what `docs/metrics.md` lists, with the numbers that are true.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use orch::prelude::*;
use orch::{ErrorKind, Orchestrator};

use crate::probe::{Probe, Refused, fails, hangs, millis, secs, settle, takes};

const PAGE: &str = include_str!("../../docs/metrics.md");

/// Runs a test on paused time with a recorder of its own.
fn recorded<T>(test: impl AsyncFnOnce(PrometheusHandle) -> T) -> T {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&[1.0, 10.0])
        .unwrap()
        .build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        let test: std::pin::Pin<Box<dyn Future<Output = T>>> = Box::pin(test(handle));
        orch::testing::paused(test).unwrap()
    })
}

/// The rows of the first table after a heading; what is in backticks, cell by cell.
fn rows(heading: &str) -> Vec<Vec<Vec<&'static str>>> {
    let (_, after) = PAGE.split_once(heading).unwrap();
    let table = after.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells
            .map(|cell| cell.split('`').skip(1).step_by(2).collect())
            .collect()
    })
    .collect()
}

/// One line of what is exported.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

fn samples(text: &str) -> Vec<Sample> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (what, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = what.split_once('{').unwrap_or((what, "}"));
            let labels = labels
                .trim_end_matches('}')
                .split(',')
                .filter(|label| !label.is_empty());
            let pair = |label: &str| {
                let (key, value) = label.split_once('=').unwrap();
                (key.to_owned(), value.trim_matches('"').to_owned())
            };
            Sample {
                name: name.to_owned(),
                labels: labels.map(pair).collect(),
                value: value.parse().unwrap(),
            }
        })
        .collect()
}

/// The value of a sample with at least these labels, summed over the others.
fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |sample: &&Sample| {
        let has =
            |(key, value): &(&str, &str)| sample.labels.get(*key).is_some_and(|own| own == value);
        sample.name == name && labels.iter().all(has)
    };
    samples(text)
        .iter()
        .filter(fits)
        .map(|sample| sample.value)
        .sum()
}

// ---- a bit of everything

#[step(retries = 2, backoff(initial = "1s", factor = 1, jitter = "none"))]
async fn shaky(#[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    tokio::time::sleep(secs(1)).await;
    if ctx.attempt() < 3 {
        Err(Refused("again"))
    } else {
        Ok(1)
    }
}

#[step]
fn broken() -> Result<u32, Refused> {
    Err(Refused("for good"))
}

#[step(cache_ttl = 600)]
async fn kept(n: u32) -> u32 {
    n
}

#[step(rate_limit = "1/s")]
async fn limited(n: u32) -> u32 {
    n
}

#[step]
fn same(n: u32) -> u32 {
    n
}

#[step]
fn unheard(_done: Outcome<&u32>) {}

workflow! {
    pub Everything(probe: Probe) -> u32 {
        tried = shaky();
        fallen = broken().or_else(same(2));
        #[node(concurrency = 1)]
        cached = for _ in 0..3_u8 { kept(7) };
        paced = for n in 0..3_u32 { limited(n) };
        chosen = if tried > 0 { same(1) } else { same(2) };
        #[node(on = all_failed)]
        unheard(tried);
        within = Child::run(probe.clone());
        tried + fallen + cached[0] + paced[0] + chosen + within
    }
}

workflow! {
    pub Child(probe: Probe) -> u32 {
        name = takes(&probe, "child", 5);
        name.len() as u32
    }
}

workflow! {
    pub Failing(probe: Probe) -> Result<(), Refused> {
        for _ in 0..1_u8 { inner = fails(&probe, "inner", 1); inner.len() };
        later = takes(&probe, "beside", 2);
        #[node(after = [later])]
        same(1);
    }
}

workflow! { #[workflow(deadline = "1s")] pub Late(probe: Probe) { hangs(&probe, "late"); } }

workflow! { pub Panicking() { explodes(); } }

#[step]
fn explodes() {
    panic!("kaboom")
}

workflow! { pub Waiting(probe: Probe) { hangs(&probe, "waiting"); } }

async fn everything(orch: &Orchestrator) {
    let probe = Probe::new();
    let sum = orch
        .start(Everything, probe.clone())
        .await
        .unwrap()
        .result()
        .await
        .unwrap();
    assert_eq!(sum, 1 + 2 + 7 + 1 + 5);
    orch.start(Failing, probe.clone())
        .await
        .unwrap()
        .result()
        .await
        .unwrap_err();
    orch.start(Late, probe.clone())
        .await
        .unwrap()
        .result()
        .await
        .unwrap_err();
    orch.start(Panicking, ())
        .await
        .unwrap()
        .result()
        .await
        .unwrap_err();
    let run = orch.start(Waiting, probe.clone()).await.unwrap();
    settle().await;
    run.cancel("enough");
    run.result().await.unwrap_err();
}

// ---- the page

#[test]
fn what_runs_emit_is_what_the_page_lists() {
    let text = recorded(async |handle| {
        everything(&Orchestrator::builder().build().await.unwrap()).await;
        handle.render()
    });
    let mut emitted: BTreeMap<&str, (&str, BTreeSet<String>)> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|line| line.split_once(' '))
        {
            emitted.insert(name, (kind, BTreeSet::new()));
        }
    }
    for sample in samples(&text) {
        let suffixes = ["_bucket", "_sum", "_count"].iter();
        let bare = suffixes.filter_map(|suffix| sample.name.strip_suffix(suffix));
        let name = bare
            .chain([&*sample.name])
            .find(|name| emitted.contains_key(name))
            .unwrap();
        let labels = sample.labels.into_keys().filter(|label| label != "le");
        emitted.get_mut(name).unwrap().1.extend(labels);
    }
    let listed: BTreeMap<&str, (&str, BTreeSet<String>)> = PAGE
        .lines()
        .filter_map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            let kind = *cells.get(1)?;
            let kind = ["counter", "gauge", "histogram"]
                .into_iter()
                .find(|known| *known == kind)?;
            let labels = cells[2].split('`').skip(1).step_by(2).map(str::to_owned);
            Some((cells[0].trim_matches('`'), (kind, labels.collect())))
        })
        .collect();
    assert_eq!(emitted, listed);
}

#[test]
fn the_names_that_dashboards_know_are_there() {
    let text = recorded(async |handle| {
        everything(&Orchestrator::builder().build().await.unwrap()).await;
        handle.render()
    });
    for (name, labels) in [
        (
            "orchestration_step_queue_seconds_bucket",
            &[("queue", "default"), ("step", "shaky")][..],
        ),
        ("task_queue_depth", &[("workflow_type", "Everything")]),
        ("tasks_completed_total", &[("status", "success")]),
        (
            "task_duration_seconds_bucket",
            &[("workflow", "Everything"), ("step", "shaky")],
        ),
        (
            "workflow_errors_total",
            &[("workflow_id", "Failing"), ("error_type", "failed")],
        ),
        (
            "workflow_duration_ms_bucket",
            &[("workflow_id", "Everything"), ("status", "completed")],
        ),
    ] {
        let found = samples(&text).into_iter().any(|sample| {
            let has = |(key, value): &(&str, &str)| {
                sample.labels.get(*key).is_some_and(|own| own == value)
            };
            sample.name == name && labels.iter().all(has)
        });
        assert!(found, "{name} {labels:?} is not in\n{text}");
    }
}

/// Whether it looks like a run's id.
fn is_uuid(value: &str) -> bool {
    let groups: Vec<_> = value.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12]
}

#[test]
fn no_label_tells_runs_apart() {
    let text = recorded(async |handle| {
        let orch = Orchestrator::builder().build().await.unwrap();
        everything(&orch).await;
        everything(&orch).await;
        let id = "0190a4f3-2e5d-7c58-9b1c-5b1f1f0c2d3e";
        assert!(is_uuid(id));
        let run = orch
            .start(Everything, Probe::new())
            .id(id)
            .correlation_id(id)
            .await
            .unwrap();
        run.result().await.unwrap();
        handle.render()
    });
    let mut values = BTreeSet::new();
    for sample in samples(&text) {
        for (label, value) in sample.labels {
            assert!(!is_uuid(&value), "{label} of {} is {value}", sample.name);
            values.insert(value);
        }
    }
    assert!(values.len() < 80, "a bounded set: {values:?}");
}

// ---- the numbers

#[test]
fn the_numbers_are_those_of_the_run() {
    let text = recorded(async |handle| {
        everything(&Orchestrator::builder().build().await.unwrap()).await;
        handle.render()
    });
    let of = |name: &str, labels: &[(&str, &str)]| value(&text, name, labels);
    let everything = ("workflow", "Everything");
    for (name, labels, expected) in [
        (
            "orch_attempts_total",
            &[everything, ("node", "tried")][..],
            3.0,
        ),
        ("orch_retries_total", &[everything, ("node", "tried")], 2.0),
        (
            "orch_attempts_total",
            &[everything, ("node", "fallen")],
            2.0,
        ),
        (
            "orch_fallback_total",
            &[everything, ("node", "fallen"), ("tier", "1")],
            1.0,
        ),
        (
            "orch_cache_requests_total",
            &[("step", "kept"), ("result", "miss")],
            1.0,
        ),
        (
            "orch_cache_requests_total",
            &[("step", "kept"), ("result", "hit")],
            2.0,
        ),
        (
            "orch_attempts_total",
            &[everything, ("node", "cached/kept")],
            1.0,
        ),
        (
            "orch_rate_limit_wait_seconds_count",
            &[("step", "limited")],
            3.0,
        ),
        (
            "orch_rate_limit_wait_seconds_sum",
            &[("step", "limited")],
            0.0 + 1.0 + 2.0,
        ),
        (
            "task_duration_seconds_sum",
            &[everything, ("step", "shaky")],
            5.0,
        ),
        (
            "task_duration_seconds_count",
            &[everything, ("step", "shaky")],
            1.0,
        ),
        (
            "orch_node_duration_seconds_sum",
            &[everything, ("node", "tried"), ("status", "done")],
            5.0,
        ),
        (
            "orch_node_duration_seconds_count",
            &[("status", "failed")],
            3.0,
        ),
        (
            "orch_run_duration_seconds_sum",
            &[everything, ("status", "completed")],
            5.0,
        ),
        (
            "workflow_duration_ms_sum",
            &[("workflow_id", "Everything")],
            5000.0,
        ),
        (
            "workflow_duration_ms_sum",
            &[("workflow_id", "Failing"), ("status", "failed")],
            2000.0,
        ),
        (
            "workflow_duration_ms_count",
            &[("workflow_id", "Late"), ("status", "timed_out")],
            1.0,
        ),
        (
            "workflow_duration_ms_count",
            &[("workflow_id", "Panicking"), ("status", "panicked")],
            1.0,
        ),
        (
            "workflow_duration_ms_count",
            &[("workflow_id", "Waiting"), ("status", "cancelled")],
            1.0,
        ),
        // The step that failed is counted once, not again for the `for` around it.
        ("workflow_errors_total", &[("workflow_id", "Failing")], 1.0),
        (
            "workflow_errors_total",
            &[("workflow_id", "Panicking"), ("error_type", "panicked")],
            1.0,
        ),
        ("workflow_errors_total", &[("workflow_id", "Waiting")], 0.0),
        ("tasks_completed_total", &[("status", "skipped")], 1.0),
        ("tasks_completed_total", &[("status", "blocked")], 1.0),
        ("tasks_completed_total", &[("status", "cancelled")], 2.0),
        // In `Failing` the step, its `for`; in `Panicking` the step.
        ("tasks_completed_total", &[("status", "failure")], 3.0),
        // In `Everything` its six nodes that are not skipped, three items twice, the arm's one; the child's; one beside.
        (
            "tasks_completed_total",
            &[("status", "success")],
            6.0 + 6.0 + 1.0 + 1.0 + 1.0,
        ),
        ("orch_runs_active", &[], 0.0),
        ("task_queue_depth", &[], 0.0),
    ] {
        assert_eq!(of(name, labels), expected, "{name} {labels:?} of\n{text}");
    }
}

workflow! {
    #[workflow(concurrency = 1)]
    pub Narrow(probe: Probe) { for _ in 0..3_u8 { takes(&probe, "narrow", 10) }; }
}

#[test]
fn gauges_show_what_is_under_way() {
    recorded(async |handle| {
        let orch = Orchestrator::builder().build().await.unwrap();
        let runs = [
            orch.start(Narrow, Probe::new()).await.unwrap(),
            orch.start(Narrow, Probe::new()).await.unwrap(),
        ];
        let waiting = orch.start(Waiting, Probe::new()).await.unwrap();
        tokio::time::sleep(secs(1)).await;
        let active = |workflow| {
            value(
                &handle.render(),
                "orch_runs_active",
                &[("workflow", workflow)],
            )
        };
        assert_eq!((active("Narrow"), active("Waiting")), (2.0, 1.0));
        waiting.cancel("enough");
        waiting.result().await.unwrap_err();
        for run in runs {
            run.cancel("enough");
            run.result().await.unwrap_err();
        }
        assert_eq!((active("Narrow"), active("Waiting")), (0.0, 0.0));
        assert_eq!(value(&handle.render(), "task_queue_depth", &[]), 0.0);

        // A run whose future is dropped.
        let run = tokio::time::timeout(millis(1), Waiting::run(Probe::new())).await;
        assert!(run.is_err());
        settle().await;
        assert_eq!(active("Waiting"), 0.0);
    });
}

#[test]
fn what_is_cancelled_before_it_begins_leaves_the_queue() {
    recorded(async |handle| {
        let orch = Orchestrator::builder().build().await.unwrap();
        let run = orch.start(Narrow, Probe::new()).await.unwrap();
        run.cancel("at once");
        run.result().await.unwrap_err();
        let run = orch.start(Cancels, Probe::new()).await.unwrap();
        run.result().await.unwrap_err();
        assert_eq!(value(&handle.render(), "task_queue_depth", &[]), 0.0);
    });
}

workflow! {
    #[workflow(on_failure = cancel)]
    pub Cancels(probe: Probe) -> Result<(), Refused> {
        broken();
        takes(&probe, "a", 1);
        takes(&probe, "b", 1);
        takes(&probe, "c", 1);
    }
}

// ---- a step's own

#[step]
fn counts(#[ctx] ctx: &StepCtx) {
    ctx.counter("tokens_used").increment(7);
    ctx.gauge("quality").set(0.5);
    ctx.histogram("score").record(3.0);
}

workflow! { pub Counts() { for _ in 0..3_u8 { counts() }; } }

#[test]
fn a_step_may_count_what_it_likes() {
    let text = recorded(async |handle| {
        Counts::run().await.unwrap();
        handle.render()
    });
    let labels = [
        ("workflow", "Counts"),
        ("node", "each/counts"),
        ("step", "counts"),
    ];
    assert_eq!(value(&text, "tokens_used", &labels), 21.0);
    assert_eq!(value(&text, "quality", &labels), 0.5);
    assert_eq!(value(&text, "score_count", &labels), 3.0);
}

#[test]
fn every_code_of_a_failure_is_a_word() {
    let word = |code: &str| code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    assert!(ErrorKind::ALL.iter().all(|kind| word(kind.code())));
    assert!(
        rows("## Spans")
            .iter()
            .flatten()
            .flatten()
            .all(|cell| word(cell))
    );
}

/// A recorder that counts how often a handle is asked for.
#[derive(Debug, Default)]
struct Registrations(std::sync::atomic::AtomicUsize);

impl Registrations {
    fn count(&self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

impl metrics::Recorder for Registrations {
    fn describe_counter(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }
    fn describe_gauge(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }
    fn describe_histogram(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }

    fn register_counter(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        self.count();
        metrics::Counter::noop()
    }

    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        self.count();
        metrics::Gauge::noop()
    }

    fn register_histogram(
        &self,
        _: &metrics::Key,
        _: &metrics::Metadata<'_>,
    ) -> metrics::Histogram {
        self.count();
        metrics::Histogram::noop()
    }
}

#[test]
fn handles_are_asked_for_once() {
    let recorder = Registrations::default();
    let asked = || recorder.0.load(std::sync::atomic::Ordering::SeqCst);
    let counts = metrics::with_local_recorder(&recorder, || {
        orch::testing::paused(async {
            let orch = Orchestrator::builder().build().await.unwrap();
            everything(&orch).await;
            let first = asked();
            everything(&orch).await;
            (first, asked())
        })
        .unwrap()
    });
    assert!(counts.0 > 100, "{counts:?}");
    assert_eq!(counts.0, counts.1);
}
