//! What listeners are told: events, progress, errors, in which order and how often.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

use orch::prelude::*;
use orch::{Progress, RunEvent, RunEventKind, RunStatus};
use tokio::time::timeout;

use crate::probe::{Probe, Refused, eventually, fails, hangs, millis, notes, secs, settle, takes};

/// Keeps what a handler is told.
#[derive(Debug)]
struct Kept<T>(Arc<Mutex<Vec<T>>>);

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Kept<T> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn keep(&self, told: T) {
        self.0.lock().unwrap().push(told);
    }

    fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }
}

/// An event in one line, without what differs from run to run.
fn line(event: &RunEvent) -> String {
    match &event.kind {
        RunEventKind::RunStarted => format!("{} started", event.workflow),
        RunEventKind::NodeStarted { node, items } => format!("{node} {items:?} started"),
        RunEventKind::AttemptFailed { error, retry_in } => {
            format!(
                "{} attempt {} failed, retry in {retry_in:?}",
                error.node(),
                error.attempt()
            )
        }
        RunEventKind::FellBack { node, tier } => format!("{node} fell back to {tier}"),
        RunEventKind::NodeEnded {
            node,
            items,
            status,
            duration,
            error,
        } => {
            let error = error.as_ref().map(NodeError::message);
            format!(
                "{node} {items:?} {} after {duration:?}, {error:?}",
                status.as_str()
            )
        }
        RunEventKind::RunEnded { status, duration } => {
            format!("{} {} after {duration:?}", event.workflow, status.as_str())
        }
        other => format!("{other:?}"),
    }
}

// ---- events

#[step(retries = 1, backoff(initial = "3s", jitter = "none"))]
async fn shaky(#[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    tokio::time::sleep(secs(1)).await;
    if ctx.attempt() == 1 {
        Err(Refused("at first"))
    } else {
        Ok(1)
    }
}

#[step]
fn broken() -> Result<u32, Refused> {
    Err(Refused("for good"))
}

#[step]
fn sound(n: u32) -> u32 {
    n
}

workflow! {
    pub Story() -> Result<u32, Refused> {
        first = shaky();
        second = broken().or_else(sound(2));
        third = if first + second > 9 { sound(0) } else { inner = sound(3); sound(inner) };
        items = for n in 0..2_u32 { sound(n + third) };
        #[node(on = all_failed)]
        unneeded = alarm(first);
        #[node(after = [unneeded], on = all_done)]
        sound(7);
        items[1]
    }
}

#[step]
fn alarm(_first: Outcome<&u32>) {}

#[tokio::test(start_paused = true)]
async fn events_tell_the_whole_story_of_a_run() -> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_event(move |event| told.keep(event.clone()))
        .build()
        .await?;
    let run = orch
        .start(Story, ())
        .id("run-1")
        .correlation_id("basket-7")
        .await?;
    assert_eq!(run.result().await?, 4);
    let events: Vec<RunEvent> = kept.all();
    let lines: Vec<String> = events.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "Story started",
            "first [] started",
            "second [] started",
            "second attempt 1 failed, retry in None",
            "second fell back to 1",
            "second [] done after 0ns, None",
            "first attempt 1 failed, retry in Some(3s)",
            "first [] done after 5s, None",
            "unneeded [] skipped after 0ns, None",
            "third [] started",
            "sound [] started",
            "sound [] done after 0ns, None",
            "third/inner [] started",
            "third/inner [] done after 0ns, None",
            "third/sound [] started",
            "third/sound [] done after 0ns, None",
            "third [] done after 0ns, None",
            "items [] started",
            "items/sound [0] started",
            "items/sound [0] done after 0ns, None",
            "items/sound [1] started",
            "items/sound [1] done after 0ns, None",
            "items [] done after 0ns, None",
            "Story completed after 5s",
        ],
        "what never ran took no time"
    );
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert!(numbers.into_iter().eq(1..=events.len() as u64));
    assert!(events.iter().all(|event| event.run.as_str() == "run-1"));
    assert!(
        events
            .iter()
            .all(|event| &*event.correlation_id == "basket-7")
    );
    assert!(events.is_sorted_by_key(|event| event.at));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_event_is_json_with_a_name() -> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_event(move |event| told.keep(event.clone()))
        .build()
        .await?;
    orch.start(Broken, ())
        .id("r")
        .await?
        .result()
        .await
        .unwrap_err();
    let events: Vec<RunEvent> = kept.all();
    let mut rows = Vec::new();
    for event in &events {
        let mut row = serde_json::to_value(event)?;
        assert!(row.as_object_mut().unwrap().remove("at").is_some());
        rows.push(row);
    }
    let error = serde_json::json!({
        "code": "failed", "run": "r", "workflow": "Broken", "node": "broken", "step": "broken", "attempt": 1,
        "message": "refused: for good",
    });
    let nothing = serde_json::json!({ "secs": 0, "nanos": 0 });
    let row = |seq: u64, more: serde_json::Value| {
        let mut row = serde_json::json!({ "seq": seq, "run": "r", "correlation_id": "r", "workflow": "Broken" });
        row.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        row
    };
    assert_eq!(
        rows,
        [
            row(1, serde_json::json!({ "event": "run_started" })),
            row(
                2,
                serde_json::json!({ "event": "node_started", "node": "broken", "items": [] })
            ),
            row(
                3,
                serde_json::json!({ "event": "attempt_failed", "error": error, "retry_in": null })
            ),
            row(
                4,
                serde_json::json!({
                    "event": "node_ended", "node": "broken", "items": [], "status": "failed", "duration": nothing, "error": error,
                })
            ),
            row(
                5,
                serde_json::json!({ "event": "run_ended", "status": "failed", "duration": nothing })
            ),
        ]
    );
    Ok(())
}

workflow! {
    pub Broken() -> Result<u32, Refused> { broken() }
}

workflow! {
    pub Crowded(probe: Probe) -> usize {
        items = for n in 0..200_u32 { one = hurried(&probe, n); hurried(&probe, one) };
        items.len()
    }
}

#[step]
async fn hurried(probe: &Probe, n: u32) -> u32 {
    if n.is_multiple_of(2) {
        tokio::task::yield_now().await;
    }
    probe.note("hurried");
    n
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_progress_come_in_order_from_every_thread() -> Result<(), Box<dyn Error>> {
    let (numbers, progress) = (Kept::new(), Kept::new());
    let (told, seen) = (numbers.clone(), progress.clone());
    let orch = Orchestrator::builder()
        .on_event(move |event| told.keep(event.seq))
        .on_progress(move |now: &Progress| seen.keep(now.clone()))
        .build()
        .await?;
    for _ in 0..10 {
        let run = orch.start(Crowded, Probe::new()).await?;
        let mut events = run.events();
        let reader = tokio::spawn(async move {
            let mut read = Vec::new();
            while let Some(event) = events.next().await {
                read.push(event.seq);
            }
            read
        });
        assert_eq!(run.result().await?, 200);
        let read = reader.await?;
        assert!(read.is_sorted(), "a reader sees them in order");
        eventually("all is told", || numbers.all().len() == 2 + 2 * 401).await;
        assert!(
            numbers.all().into_iter().eq(1..=804),
            "handlers see them in order"
        );
        numbers.0.lock().unwrap().clear();

        let told: Vec<Progress> = std::mem::take(&mut *progress.0.lock().unwrap());
        check_progress(&told);
    }
    Ok(())
}

// ---- progress

/// What holds for the progress of any run that completes.
fn check_progress(told: &[Progress]) {
    assert!(
        told.is_sorted_by(|a, b| a.percentage <= b.percentage),
        "{told:#?}"
    );
    assert!(
        told.is_sorted_by_key(|now| now.completed_steps),
        "{told:#?}"
    );
    assert!(
        told.iter()
            .all(|now| now.completed_steps <= now.total_steps),
        "{told:#?}"
    );
    let last = told.last().unwrap();
    assert_eq!(
        (last.percentage, last.completed_steps),
        (100.0, last.total_steps),
        "{told:#?}"
    );
    let before = &told[told.len() - 2];
    assert!(before.percentage < 100.0, "{before:?}");
}

#[tokio::test(start_paused = true)]
async fn progress_has_these_fields_and_never_falls() -> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_progress(move |now| told.keep(now.clone()))
        .build()
        .await?;
    let run = orch.start(Story, ()).id("run-1").await?;
    let mut stream = run.progress();
    let first = stream.next().await.unwrap();
    let text = serde_json::to_string(&first)?;
    let keys = [
        "executionId",
        "workflowId",
        "startTime",
        "currentStep",
        "completedSteps",
        "totalSteps",
        "percentage",
    ];
    let found: Vec<_> = keys
        .iter()
        .map(|key| text.find(&format!("\"{key}\":")).unwrap())
        .collect();
    assert!(found.is_sorted(), "{text}");
    let json = serde_json::to_value(&first)?;
    assert_eq!(json.as_object().unwrap().len(), keys.len());
    assert_eq!(
        (&json["executionId"], &json["workflowId"]),
        (&"run-1".into(), &"Story".into())
    );

    run.result().await?;
    let all: Vec<Progress> = kept.all();
    check_progress(&all);
    assert_eq!(all[0].current_step, None);
    // The workflow's six nodes, the two of the arm that was taken, and an item's one for each of two items.
    assert_eq!(all.last().unwrap().total_steps, 6 + 2 + 2);
    let steps: Vec<_> = all
        .iter()
        .filter_map(|now| now.current_step.as_deref())
        .collect();
    assert_eq!(steps.first(), Some(&"first"));
    Ok(())
}

workflow! {
    pub Parts(probe: Probe, items: u32) -> usize {
        #[node(concurrency = 1)]
        each = for _ in 0..items { one = takes(&probe, "one", 1); two = takes(&probe, "two", one.len() as u64); two.len() };
        #[node(optional, concurrency = 1)]
        some = for n in 0..4_u32 { odd_is_refused(n) };
        chosen = if each.len() > some.as_ref().map_or(0, Vec::len) { takes(&probe, "arm", 1) } else { "nothing" };
        last = takes(&probe, chosen, 1);
        last.len()
    }
}

#[step]
async fn odd_is_refused(n: u32) -> Result<u32, Refused> {
    tokio::time::sleep(millis(100)).await;
    if n % 2 == 1 {
        Err(Refused("odd"))
    } else {
        Ok(n)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_a_node_shares_what_the_node_counts() -> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_progress(move |now: &Progress| told.keep(now.clone()))
        .build()
        .await?;
    orch.start(Parts, (Probe::new(), 5)).await?.result().await?;
    let all: Vec<Progress> = std::mem::take(&mut *kept.0.lock().unwrap());
    check_progress(&all);
    let mut percentages: Vec<_> = all.iter().map(|now| now.percentage.round()).collect();
    percentages.dedup();
    // Each of four nodes is a quarter. Of `some` one item is done and one fails, so that the other two never run; the
    // five items of `each` have two nodes each.
    let expected = [
        0.0, 6.0, 13.0, 25.0, 28.0, 30.0, 33.0, 35.0, 38.0, 40.0, 43.0, 45.0, 48.0, 50.0, 75.0,
        99.0, 100.0,
    ];
    assert_eq!(percentages, expected);

    orch.start(Parts, (Probe::new(), 0)).await?.result().await?;
    let all: Vec<Progress> = kept.all();
    check_progress(&all);
    Ok(())
}

workflow! {
    pub Empty() -> u32 { 7 }
}

#[tokio::test(start_paused = true)]
async fn a_run_without_steps_is_done_at_once() -> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_progress(move |now| told.keep((now.percentage, now.total_steps)))
        .build()
        .await?;
    assert_eq!(orch.start(Empty, ()).await?.result().await?, 7);
    assert_eq!(kept.all().last(), Some(&(100.0, 0)));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_does_not_reach_the_end() -> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_progress(move |now| told.keep(now.percentage))
        .build()
        .await?;
    orch.start(Broken, ()).await?.result().await.unwrap_err();
    assert!(kept.all().last() < Some(&100.0));
    Ok(())
}

// ---- handlers

workflow! {
    pub Deep(probe: Probe) -> Result<usize, Refused> {
        items = for n in 0..2_u32 {
            choice = if n == 1 { fails(&probe, "deep", 1) } else { takes(&probe, "sound", 3) };
            choice.len()
        };
        fails(&probe, "top", 2);
        items.len()
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_handler_is_told_each_failure_once() -> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_error(move |error| told.keep(format!("{} {}", error.node(), error.message())))
        .build()
        .await?;
    let run = orch.start(Deep, Probe::new()).await?;
    run.result().await.unwrap_err();
    assert_eq!(
        kept.all(),
        ["items/choice/fails refused: deep", "fails refused: top"]
    );

    let run = orch.start(Waiting, Probe::new()).await?;
    settle().await;
    run.cancel("enough");
    run.result().await.unwrap_err();
    assert_eq!(kept.all().len(), 2, "what is cancelled has not failed");
    Ok(())
}

workflow! {
    pub Waiting(probe: Probe) {
        for _ in 0..2_u8 { hangs(&probe, "item") };
        #[node(finally)]
        takes(&probe, "cleanup", 1);
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_of_a_kind_are_told_in_the_order_in_which_they_were_given()
-> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let mut builder = Orchestrator::builder();
    for who in ["first", "second", "third"] {
        let [events, errors, progress] = [kept.clone(), kept.clone(), kept.clone()];
        builder = builder
            .on_event(move |event| events.keep(format!("{} {who}", line(event))))
            .on_error(move |error| errors.keep(format!("{} failed {who}", error.node())))
            .on_progress(move |now| progress.keep(format!("{} {who}", now.percentage)));
    }
    let orch = builder.build().await?;
    orch.start(Broken, ()).await?.result().await.unwrap_err();
    let told = kept.all();
    assert!(told.len() >= 3 * 9);
    for same in told.chunks(3) {
        let what = same[0].strip_suffix(" first").unwrap();
        assert_eq!(
            same[1..],
            [format!("{what} second"), format!("{what} third")]
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_is_no_failure_of_the_run() -> Result<(), Box<dyn Error>> {
    let kept = Kept::new();
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_event(|_| panic!("a bad handler"))
        .on_progress(|_| panic!("a bad handler"))
        .on_error(|_| panic!("a bad handler"))
        .on_event(move |event| told.keep(event.seq))
        .build()
        .await?;
    assert_eq!(orch.start(Story, ()).await?.result().await?, 4);
    let error = orch.start(Broken, ()).await?.result().await.unwrap_err();
    assert_eq!(error.error(), Some(&Refused("for good")));
    assert_eq!(kept.all().len(), 24 + 5, "the others are told all the same");
    Ok(())
}

// ---- how runs end

workflow! {
    #[workflow(deadline = "5s")]
    pub Late(probe: Probe) { hangs(&probe, "late"); }
}

workflow! {
    pub Panics() { explodes(); }
}

#[step]
fn explodes() {
    panic!("kaboom")
}

#[tokio::test(start_paused = true)]
async fn the_end_of_every_run_is_told_once() -> Result<(), Box<dyn Error>> {
    let ends = Kept::new();
    let told = ends.clone();
    let orch = Orchestrator::builder()
        .on_event(move |event| {
            if let RunEventKind::RunEnded { status, .. } = event.kind {
                told.keep((event.workflow, status));
            }
        })
        .build()
        .await?;
    orch.start(Empty, ()).await?.result().await?;
    orch.start(Broken, ()).await?.result().await.unwrap_err();
    orch.start(Panics, ()).await?.result().await.unwrap_err();
    orch.start(Late, Probe::new())
        .await?
        .result()
        .await
        .unwrap_err();
    let run = orch.start(Waiting, Probe::new()).await?;
    run.cancel("enough");
    run.result().await.unwrap_err();
    assert_eq!(
        ends.all(),
        [
            ("Empty", RunStatus::Completed),
            ("Broken", RunStatus::Failed),
            ("Panics", RunStatus::Panicked),
            ("Late", RunStatus::TimedOut),
            ("Waiting", RunStatus::Cancelled),
        ]
    );
    Ok(())
}

workflow! {
    pub Outside(probe: Probe) -> Result<(), RunError> {
        #[node(timeout = "2s")]
        Waiting::run(probe.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_run_that_was_dropped_is_told_after_its_clean_up() -> Result<(), Box<dyn Error>>
{
    let (ends, probe) = (Kept::new(), Probe::new());
    let (told, at) = (ends.clone(), probe.clone());
    let orch = Orchestrator::builder()
        .on_event(move |event| {
            if let RunEventKind::RunEnded { status, .. } = event.kind {
                told.keep((event.workflow, status));
                at.note(event.workflow);
            }
        })
        .build()
        .await?;
    let error = orch
        .start(Outside, probe.clone())
        .await?
        .result()
        .await
        .unwrap_err();
    assert!(error.is_timed_out(), "{error}");
    tokio::time::sleep(secs(5)).await;
    assert_eq!(
        ends.all(),
        [
            ("Waiting", RunStatus::Cancelled),
            ("Outside", RunStatus::TimedOut)
        ]
    );
    for run in ["Waiting", "Outside"] {
        assert_eq!(
            probe.times(run),
            [secs(3)],
            "after the second that its clean-up takes"
        );
    }
    Ok(())
}

// ---- correlation

workflow! {
    pub Parent(probe: Probe) {
        Child::run(probe.clone());
        for _ in 0..2_u8 { Child::run(probe.clone()) };
    }
}

workflow! {
    pub Child(probe: Probe) { says_who(&probe); notes(&probe, "child"); }
}

#[step]
fn says_who(probe: &Probe, #[ctx] ctx: &StepCtx) {
    probe.note(ctx.correlation_id());
}

#[tokio::test(start_paused = true)]
async fn children_inherit_what_ties_runs_together() -> Result<(), Box<dyn Error>> {
    let (kept, probe) = (Kept::new(), Probe::new());
    let told = kept.clone();
    let orch = Orchestrator::builder()
        .on_event(move |event| {
            told.keep((
                event.run.clone(),
                event.workflow,
                event.correlation_id.to_string(),
            ));
        })
        .build()
        .await?;
    let run = orch
        .start(Parent, probe.clone())
        .correlation_id("basket-7")
        .await?;
    run.result().await?;
    let runs: BTreeMap<_, _> = kept
        .all()
        .into_iter()
        .map(|(run, workflow, tie)| (run, (workflow, tie)))
        .collect();
    let mut found: Vec<_> = runs.into_values().collect();
    found.sort();
    let tie = "basket-7".to_owned();
    assert_eq!(
        found,
        [
            ("Child", tie.clone()),
            ("Child", tie.clone()),
            ("Child", tie.clone()),
            ("Parent", tie)
        ]
    );
    assert_eq!(probe.count("basket-7"), 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_of_progress_gets_the_latest() -> Result<(), Box<dyn Error>> {
    let orch = Orchestrator::builder().build().await?;
    let run = orch.start(Story, ()).await?;
    tokio::time::sleep(secs(60)).await;
    let mut progress = run.progress();
    let only = timeout(millis(1), progress.next()).await?.unwrap();
    assert_eq!(only.percentage, 100.0);
    assert!(timeout(millis(1), progress.next()).await?.is_none());
    Ok(())
}
