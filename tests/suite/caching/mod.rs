//! The cache: what is computed once, for how long it counts, and what a step is told of a value's origin.

mod stale;
mod stored;

use std::collections::BTreeMap;
use std::error::Error;

use orch::prelude::*;
use orch::{ErrorKind, Orchestrator, RunEventKind};
use serde::Serialize;
use tokio::time::Instant;

use crate::probe::{Probe, Refused, millis, secs};

/// An orchestrator whose steps share this probe, which is no part of any key.
async fn orchestrator(probe: &Probe) -> Orchestrator {
    Orchestrator::builder()
        .resource(probe.clone())
        .build()
        .await
        .unwrap()
}

async fn run<W: Workflow>(orch: &Orchestrator, workflow: W, input: W::Input) -> W::Output {
    orch.start(workflow, input)
        .await
        .unwrap()
        .result()
        .await
        .unwrap()
}

// ---- single flight

#[step(cache_ttl = 600)]
async fn rates(day: u32, #[resource] probe: &Probe) -> u32 {
    probe.note(format!("rates of {day}"));
    tokio::time::sleep(secs(5)).await;
    day * 10
}

workflow! {
    pub Hundred() -> u32 {
        items = for _ in 0..100_u32 { rates(7) };
        items.iter().sum()
    }
}

workflow! {
    pub One(day: u32) -> u32 { rates(day) }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_calls_at_once_are_one_execution() -> Result<(), Box<dyn Error>> {
    let (probe, began) = (Probe::new(), Instant::now());
    let orch = orchestrator(&probe).await;
    assert_eq!(run(&orch, Hundred, ()).await, 7_000);
    assert_eq!(probe.count("rates of 7"), 1);
    assert_eq!(began.elapsed(), secs(5));
    let stats = orch.cache().unwrap().stats();
    assert_eq!((stats.misses, stats.coalesced, stats.hits), (1, 99, 0));

    // Runs that are under way together share as well.
    let runs = [
        orch.start(One, 8).await?,
        orch.start(One, 8).await?,
        orch.start(One, 9).await?,
    ];
    for run in runs {
        run.result().await?;
    }
    assert_eq!(
        (probe.count("rates of 8"), probe.count("rates of 9")),
        (1, 1)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_at_once_are_one_execution_on_two_threads() {
    let probe = Probe::new();
    let orch = orchestrator(&probe).await;
    assert_eq!(run(&orch, HundredBrief, ()).await, 100);
    assert_eq!(probe.count("brief"), 1);
}

#[step(cache_ttl = 600)]
async fn brief(#[resource] probe: &Probe) -> u32 {
    probe.note("brief");
    tokio::time::sleep(millis(20)).await;
    1
}

workflow! {
    pub HundredBrief() -> u32 {
        items = for _ in 0..100_u32 { brief() };
        items.iter().sum()
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_run_that_computes_is_cancelled_another_takes_over() -> Result<(), Box<dyn Error>>
{
    let (probe, began) = (Probe::new(), Instant::now());
    let orch = orchestrator(&probe).await;
    let first = orch.start(One, 1).await?;
    tokio::time::sleep(secs(1)).await;
    let second = orch.start(One, 1).await?;
    tokio::time::sleep(secs(1)).await;
    first.cancel("enough");
    assert_eq!(second.result().await?, 10);
    assert_eq!(probe.times("rates of 1"), [secs(0), secs(2)]);
    assert_eq!(began.elapsed(), secs(7));
    Ok(())
}

// ---- for how long

#[step(cache_ttl = "never")]
async fn for_ever(#[resource] probe: &Probe) -> u32 {
    probe.note("for ever");
    1
}

workflow! { pub ForEver() -> u32 { for_ever() } }

workflow! {
    pub Shorter(day: u32) -> u32 {
        #[node(cache_ttl = "10s")]
        rates(day)
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_counts_until_its_time_is_over() {
    let probe = Probe::new();
    let orch = orchestrator(&probe).await;
    run(&orch, One, 1).await;
    tokio::time::sleep(millis(599_999)).await;
    run(&orch, One, 1).await;
    assert_eq!(probe.count("rates of 1"), 1);
    tokio::time::sleep(millis(1)).await;
    run(&orch, One, 1).await;
    assert_eq!(probe.times("rates of 1"), [secs(0), secs(605)]);

    tokio::time::sleep(secs(9)).await;
    run(&orch, Shorter, 1).await;
    assert_eq!(probe.count("rates of 1"), 2);
    tokio::time::sleep(secs(1)).await;
    run(&orch, Shorter, 1).await;
    assert_eq!(probe.count("rates of 1"), 3, "a node may want it fresher");

    run(&orch, ForEver, ()).await;
    tokio::time::sleep(secs(10 * 365 * 24 * 3600)).await;
    run(&orch, ForEver, ()).await;
    assert_eq!(probe.count("for ever"), 1);
}

#[tokio::test(start_paused = true)]
async fn values_outlive_runs_and_not_orchestrators() {
    let probe = Probe::new();
    let (orch, other) = (orchestrator(&probe).await, orchestrator(&probe).await);
    for _ in 0..3 {
        run(&orch, One, 1).await;
        run(&other, One, 1).await;
    }
    assert_eq!(probe.count("rates of 1"), 2);
}

// ---- keys

#[derive(Debug, Clone, Serialize)]
pub struct Query {
    text: String,
    page: u32,
    /// No part of the key.
    #[serde(skip)]
    #[expect(dead_code, reason = "what matters is that nothing reads it")]
    trace: u32,
}

#[step(cache_ttl = 600)]
async fn search(
    query: &Query,
    strict: bool,
    #[resource] probe: &Probe,
    #[ctx] ctx: &StepCtx,
) -> String {
    probe.note(format!("search in {}", ctx.run_id()));
    format!("{} {} {strict}", query.text, query.page)
}

workflow! {
    pub Search(query: Query, strict: bool) -> String { search(&query, strict) }
}

#[tokio::test(start_paused = true)]
async fn the_key_is_what_the_arguments_serialize_to() {
    let probe = Probe::new();
    let orch = orchestrator(&probe).await;
    let query = |text: &str, page, trace| Query {
        text: text.to_owned(),
        page,
        trace,
    };
    for (query, strict) in [
        (query("a", 1, 1), true),
        (query("a", 1, 2), true),
        (query("a", 2, 1), true),
        (query("a", 1, 1), false),
        (query("a1", 1, 1), true),
        (query("a", 2, 9), true),
    ] {
        let found = run(&orch, Search, (query.clone(), strict)).await;
        assert_eq!(found, format!("{} {} {strict}", query.text, query.page));
    }
    assert_eq!(probe.notes().len(), 4);
}

#[step(cache(key = "{query.text}/{query.page}", ttl = "1h", tags = ["pages", "search"]))]
async fn page(query: &Query, strict: bool, #[resource] probe: &Probe) -> bool {
    probe.note("page");
    let _ = query;
    strict
}

#[step(cache(key = "{day}", tags = ["pages"]))]
async fn front_page(day: u32, #[resource] probe: &Probe) -> u32 {
    probe.note("front page");
    day
}

workflow! { pub Page(query: Query, strict: bool) -> bool { page(&query, strict) } }
workflow! { pub FrontPage(day: u32) -> u32 { front_page(day) } }

#[tokio::test(start_paused = true)]
async fn a_template_says_what_the_key_is_and_tags_what_goes_together() {
    let probe = Probe::new();
    let orch = orchestrator(&probe).await;
    let query = |page| Query {
        text: "a".to_owned(),
        page,
        trace: 0,
    };
    let ask = async || {
        assert!(run(&orch, Page, (query(1), true)).await);
        assert!(
            run(&orch, Page, (query(1), false)).await,
            "`strict` is no part of the key"
        );
        assert!(!run(&orch, Page, (query(2), false)).await);
        assert_eq!(run(&orch, FrontPage, 1).await, 1);
        (probe.count("page"), probe.count("front page"))
    };
    assert_eq!(ask().await, (2, 1));
    assert_eq!(ask().await, (2, 1));
    let cache = orch.cache().unwrap();
    assert_eq!(cache.invalidate_tag("search").await, 2);
    assert_eq!(ask().await, (4, 1));
    assert_eq!(cache.invalidate_tag("pages").await, 3);
    assert_eq!(ask().await, (6, 2));
    assert_eq!(cache.invalidate_tag("other").await, 0);
    cache.clear().await;
    assert_eq!(ask().await, (8, 3));
}

mod first {
    use super::*;

    #[step(cache(key = "{day}"), version = "1")]
    pub(super) async fn rate(day: u32) -> u32 {
        day
    }
}

mod second {
    use super::*;

    /// Named and keyed like the other one, and nothing else in common.
    #[step(cache(key = "{day}"), version = "1")]
    pub(super) async fn rate(day: u32) -> String {
        format!("day {day}")
    }
}

mod third {
    use super::*;

    #[step(name = "rate", cache(key = "{day}"), version = "2")]
    pub(super) async fn rate_again(day: u32) -> u32 {
        day + 1
    }
}

workflow! {
    pub Rates(day: u32) -> (u32, String, u32) {
        a = first::rate(day);
        b = second::rate(day);
        c = third::rate_again(day);
        (a, b.clone(), c)
    }
}

#[tokio::test(start_paused = true)]
async fn steps_of_one_name_do_not_share_values() {
    let orch = Orchestrator::builder().build().await.unwrap();
    for _ in 0..2 {
        assert_eq!(run(&orch, Rates, 3).await, (3, "day 3".to_owned(), 4));
    }
    assert_eq!(orch.cache().unwrap().stats().hits, 3);
}

/// Whose keys JSON cannot have.
#[step(cache_ttl = 600, retries = 3)]
async fn tabular(table: &BTreeMap<(u32, u32), u32>) -> Result<usize, Refused> {
    Ok(table.len())
}

workflow! {
    pub Tabular(table: BTreeMap<(u32, u32), u32>) -> usize { tabular(&table) }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_computed_is_a_failure_that_says_so() {
    let error = Tabular::run(BTreeMap::from([((1, 2), 3)]))
        .await
        .unwrap_err();
    let failure = &error.failures()[0];
    assert_eq!(
        (failure.kind(), failure.attempt()),
        (ErrorKind::CacheKey, 0)
    );
    assert_eq!(
        failure.message(),
        "its cache key could not be computed: an argument does not serialize to JSON"
    );
}

// ---- what is not kept

#[step(cache_ttl = 600, retries = 1, backoff(initial = "1s", jitter = "none"))]
async fn shaky(failures: u32, #[resource] probe: &Probe) -> Result<u32, Refused> {
    probe.note("attempt");
    if probe.count("attempt") <= failures as usize {
        Err(Refused("again"))
    } else {
        Ok(1)
    }
}

workflow! { pub Shaky(failures: u32) -> Result<u32, Refused> { shaky(failures) } }

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_kept() -> Result<(), Box<dyn Error>> {
    let probe = Probe::new();
    let orch = orchestrator(&probe).await;
    let error = orch.start(Shaky, 3).await?.result().await.unwrap_err();
    assert_eq!(error.error(), Some(&Refused("again")));
    assert_eq!(probe.count("attempt"), 2);
    assert_eq!(run(&orch, Shaky, 3).await, 1);
    assert_eq!(probe.count("attempt"), 4);
    assert_eq!(run(&orch, Shaky, 3).await, 1);
    assert_eq!(probe.count("attempt"), 4);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_cache_without_room_is_off() {
    let probe = Probe::new();
    let orch = Orchestrator::builder()
        .resource(probe.clone())
        .cache_capacity(0)
        .build()
        .await
        .unwrap();
    assert!(orch.cache().is_none());
    run(&orch, One, 1).await;
    run(&orch, One, 1).await;
    assert_eq!(probe.count("rates of 1"), 2);
}

// ---- where a value came from

#[step]
fn sees(rate: u32, #[ctx] ctx: &StepCtx) -> serde_json::Value {
    assert!(ctx.origin("no_such_node").is_none());
    let metadata = ctx.metadata("todays_rate");
    // In whichever way the name is written.
    assert_eq!(metadata, ctx.metadata("todays-rate"));
    let origin = ctx.origin("todays_rate");
    serde_json::json!({ "rate": rate, "metadata": metadata, "origin": origin })
}

workflow! {
    pub Seen(day: u32) -> serde_json::Value {
        todays_rate = rates(day);
        seen = sees(todays_rate);
        seen.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_sees_where_a_value_came_from_and_how_old_it_is() -> Result<(), Box<dyn Error>> {
    let orch = orchestrator(&Probe::new()).await;
    let seen = orch.start(Seen, 1).id("run-1").await?.result().await?;
    assert_eq!(seen["origin"], serde_json::Value::Null);
    assert_eq!(
        seen["metadata"],
        serde_json::json!({ "step": { "metadata": { "runtime": { "cache": { "hit": false }, "fallback": null } } } })
    );

    tokio::time::sleep(secs(90)).await;
    let seen = orch.start(Seen, 1).id("run-2").await?.result().await?;
    assert_eq!(seen["rate"], 10);
    let cache = &seen["metadata"]["step"]["metadata"]["runtime"]["cache"];
    assert_eq!(cache["hit"], true);
    assert_eq!(cache["age_seconds"], 90.0);
    assert_eq!(cache["origin_run"], "run-1");
    assert_eq!(cache["coalesced"], false);
    let key = cache["key"].as_str().unwrap();
    assert!(key.contains("rates@"), "{key}");
    assert_eq!(
        seen["origin"]["cache"]["age"],
        serde_json::json!({ "secs": 90, "nanos": 0 })
    );
    assert_eq!(orch.cache().unwrap().get::<u32>(key), Some(10));

    let runs = [
        orch.start(Seen, 2).id("run-3").await?,
        orch.start(Seen, 2).id("run-4").await?,
    ];
    let mut coalesced = Vec::new();
    for run in runs {
        let seen = run.result().await?;
        let cache = &seen["metadata"]["step"]["metadata"]["runtime"]["cache"];
        coalesced.push((cache["coalesced"].clone(), cache["origin_run"].clone()));
    }
    assert_eq!(
        coalesced,
        [
            (serde_json::Value::Null, serde_json::Value::Null),
            (true.into(), "run-3".into())
        ]
    );
    Ok(())
}

#[step]
async fn unknown_rate(_day: u32) -> Result<u32, Refused> {
    Err(Refused("unknown"))
}

workflow! {
    pub Fallen(day: u32) -> serde_json::Value {
        todays_rate = unknown_rate(day).or_else(rates(day));
        seen = sees(todays_rate);
        seen.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_fallback_from_the_cache_says_both() -> Result<(), Box<dyn Error>> {
    let orch = orchestrator(&Probe::new()).await;
    for (hit, run) in [(false, "run-1"), (true, "run-2")] {
        let seen = orch.start(Fallen, 1).id(run).await?.result().await?;
        let runtime = &seen["metadata"]["step"]["metadata"]["runtime"];
        assert_eq!(
            runtime["fallback"],
            serde_json::json!({ "tier": 1, "step": "rates" }),
            "{run}"
        );
        assert_eq!(runtime["cache"]["hit"], hit, "{run}");
    }
    Ok(())
}

// ---- together with other forms

#[step(cache_ttl = 600)]
async fn grows(n: u32, #[resource] probe: &Probe) -> ControlFlow<u32, u32> {
    probe.note(format!("turn {n}"));
    if n > 20 {
        ControlFlow::Break(n)
    } else {
        ControlFlow::Continue(n * 3)
    }
}

workflow! {
    pub Grows(n: u32) -> u32 { grows(n).repeat(max = 10) }
}

#[tokio::test(start_paused = true)]
async fn the_turns_of_a_repeated_step_are_kept() {
    let probe = Probe::new();
    let orch = orchestrator(&probe).await;
    assert_eq!(run(&orch, Grows, 1).await, 27);
    assert_eq!(probe.notes(), ["turn 1", "turn 3", "turn 9", "turn 27"]);
    assert_eq!(run(&orch, Grows, 3).await, 27);
    assert_eq!(probe.notes().len(), 4);

    let off = Orchestrator::builder()
        .resource(probe.clone())
        .cache_capacity(0)
        .build()
        .await
        .unwrap();
    assert_eq!(run(&off, Grows, 9).await, 27);
    assert_eq!(probe.notes().len(), 6);
}

#[step(cache_ttl = 600)]
async fn owned(text: String, #[resource] probe: &Probe) -> String {
    probe.note("owned");
    text + "!"
}

#[step]
fn begins(day: u32) -> String {
    format!("day {day}")
}

workflow! {
    pub Owned(day: u32) -> String {
        text = begins(day);
        owned(text)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_moved_into_a_cached_step_is_there_for_its_key_as_well() {
    let probe = Probe::new();
    let orch = orchestrator(&probe).await;
    for _ in 0..2 {
        assert_eq!(run(&orch, Owned, 1).await, "day 1!");
    }
    assert_eq!(probe.count("owned"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_value_from_the_cache_starts_no_attempt() -> Result<(), Box<dyn Error>> {
    let probe = Probe::new();
    let told = probe.clone();
    let orch = Orchestrator::builder()
        .resource(probe.clone())
        .on_event(move |event| {
            if let RunEventKind::NodeEnded {
                node,
                status,
                duration,
                ..
            } = &event.kind
            {
                told.note(format!("{node} {} {duration:?}", status.as_str()));
            }
        })
        .build()
        .await?;
    run(&orch, One, 1).await;
    run(&orch, One, 1).await;
    assert_eq!(
        probe.notes(),
        ["rates of 1", "rates done 5s", "rates done 0ns"]
    );
    Ok(())
}
