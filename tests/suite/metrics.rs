//! Metrics: the numbers are those of the runs.

use std::collections::BTreeMap;
use std::future::Future;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use orch::Orchestrator;
use orch::prelude::*;

use crate::probe::{Probe, Refused, fails, hangs, millis, secs, settle, takes};

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

#[step(retries = 1, backoff(initial = "1s", jitter = "none"))]
fn wobbly(n: u32, #[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    ctx.counter("wobbles").increment(1);
    if ctx.attempt() == 1 {
        Err(Refused("at first"))
    } else {
        Ok(n)
    }
}

#[step]
fn unheard(_done: Outcome<&u32>) {}

workflow! {
    pub Everything(probe: Probe) -> u32 {
        tried = shaky();
        fallen = broken().or_else(wobbly(2));
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

pub async fn everything(orch: &Orchestrator) {
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

#[step(cache_ttl = 1, fallback = stale(max_age = "1h"))]
async fn ages(#[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    match ctx.run_id().as_str() {
        "young" => Ok(1),
        _ => Err(Refused("down")),
    }
}

workflow! { pub Aging() -> Result<u32, Refused> { old = ages(); old } }

/// A run whose value is no longer fresh, and no better one is to be had.
pub async fn aging(orch: &Orchestrator) {
    for id in ["young", "old"] {
        let run = orch.start(Aging, ()).id(id).await.unwrap();
        assert_eq!(run.result().await.unwrap(), 1);
        tokio::time::sleep(secs(2)).await;
    }
}

// ---- names

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
        // Each attempt counts for the step that was called.
        (
            "orch_attempts_total",
            &[everything, ("node", "fallen"), ("step", "broken")],
            1.0,
        ),
        (
            "orch_attempts_total",
            &[everything, ("node", "fallen"), ("step", "wobbly")],
            2.0,
        ),
        (
            "orch_retries_total",
            &[everything, ("node", "fallen"), ("step", "broken")],
            0.0,
        ),
        (
            "orch_retries_total",
            &[everything, ("node", "fallen"), ("step", "wobbly")],
            1.0,
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
            "task_duration_seconds_sum",
            &[everything, ("node", "tried"), ("status", "done")],
            5.0,
        ),
        ("task_duration_seconds_count", &[("status", "failed")], 3.0),
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
