//! Spans and logs: the tree that a run makes, across every wait and thread, and what `docs/metrics.md` lists of both.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use orch::prelude::*;
use orch::{Orchestrator, testing};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Instrument as _, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::probe::{Refused, secs};

const PAGE: &str = include_str!("../../docs/metrics.md");

// ---- a subscriber that keeps everything

/// A span or an event.
#[derive(Debug, Clone)]
struct Seen {
    name: String,
    level: Level,
    fields: BTreeMap<String, String>,
    /// The spans around it, outermost first: each by its place among all that were seen.
    around: Vec<usize>,
    is_event: bool,
}

#[derive(Debug, Clone, Default)]
struct Trace(Arc<Mutex<Vec<Seen>>>);

/// A span's place among all that were seen.
struct Place(usize);

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        write!(text, "{value:?}").unwrap();
        self.0.insert(field.name().to_owned(), text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Trace {
    fn keep(&self, metadata: &Metadata<'_>, fields: Fields, around: Vec<usize>) -> usize {
        let mut all = self.0.lock().unwrap();
        all.push(Seen {
            name: metadata.name().to_owned(),
            level: *metadata.level(),
            fields: fields.0,
            around,
            is_event: metadata.is_event(),
        });
        all.len() - 1
    }

    fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    fn dispatch(&self) -> Dispatch {
        Dispatch::new(Registry::default().with(self.clone()))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Trace {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        ["orch", "test"].contains(&metadata.target())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let span = ctx.span(id).unwrap();
        let around = span.scope().from_root().filter(|around| around.id() != *id);
        let around = around
            .map(|around| around.extensions().get::<Place>().unwrap().0)
            .collect();
        let place = self.keep(attributes.metadata(), fields, around);
        span.extensions_mut().insert(Place(place));
    }

    fn on_record(&self, _: &Id, _: &Record<'_>, _: Context<'_, S>) {
        panic!("the fields of a span are known when it opens");
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let around = ctx
            .event_scope(event)
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root);
        let around = around
            .map(|around| around.extensions().get::<Place>().unwrap().0)
            .collect();
        self.keep(event.metadata(), fields, around);
    }
}

/// Runs a test on paused time and gives what was traced.
fn traced<T>(test: impl Future<Output = T>) -> (T, Vec<Seen>) {
    // With one dispatcher alone, `tracing` asks only the thread that comes to a callsite first, which may be another
    // test's, whether anybody listens there.
    static ANOTHER: OnceLock<Dispatch> = OnceLock::new();
    ANOTHER.get_or_init(|| Dispatch::new(Registry::default()));
    let trace = Trace::default();
    let given = tracing::dispatcher::with_default(&trace.dispatch(), || testing::paused(test));
    (given.unwrap(), trace.all())
}

// ---- the tree

#[step(retries = 1, backoff(initial = "1s", jitter = "none"))]
async fn shaky(#[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    tracing::info!(target: "test", says = "before");
    tokio::time::sleep(secs(1)).await;
    tracing::info!(target: "test", says = "after");
    if ctx.attempt() == 1 {
        Err(Refused("again"))
    } else {
        Ok(1)
    }
}

#[step]
async fn pauses(n: u32) -> u32 {
    tracing::info!(target: "test", says = "before");
    tokio::time::sleep(secs(u64::from(5 - n))).await;
    tracing::info!(target: "test", says = "after");
    n
}

#[step]
fn same(n: u32) -> u32 {
    tracing::info!(target: "test", says = "now");
    n
}

workflow! {
    pub Traced() -> u32 {
        tried = shaky();
        each = for n in 0..2_u32 { pauses(n) };
        within = if tried > 0 { Inner::run(tried) } else { same(0) };
        within + each[0]
    }
}

workflow! {
    pub Inner(n: u32) -> Result<u32, RunError> {
        own_name = same(n);
        own_name
    }
}

/// Each span and each step's own event with the path of spans to it.
fn paths(seen: &[Seen]) -> Vec<String> {
    let label = |seen: &Seen| match &*seen.name {
        "run" => format!("run {}", seen.fields["workflow"]),
        "node" => format!("{} {}", seen.fields["task_id"], seen.fields["items"]),
        "attempt" => format!("attempt {}", seen.fields["attempt"]),
        _ if seen.is_event => seen.fields["says"].clone(),
        other => other.to_owned(),
    };
    let wanted = seen
        .iter()
        .filter(|seen| !seen.is_event || seen.fields.contains_key("says"));
    wanted
        .map(|one| {
            let around = one.around.iter().map(|place| label(&seen[*place]));
            around.chain([label(one)]).collect::<Vec<_>>().join(" > ")
        })
        .collect()
}

const TREE: [&str; 19] = [
    "request",
    "request > run Traced",
    "request > run Traced > each/pauses [0]",
    "request > run Traced > each/pauses [0] > after",
    "request > run Traced > each/pauses [0] > before",
    "request > run Traced > each/pauses [1]",
    "request > run Traced > each/pauses [1] > after",
    "request > run Traced > each/pauses [1] > before",
    "request > run Traced > tried []",
    "request > run Traced > tried [] > attempt 1",
    "request > run Traced > tried [] > attempt 1 > after",
    "request > run Traced > tried [] > attempt 1 > before",
    "request > run Traced > tried [] > attempt 2",
    "request > run Traced > tried [] > attempt 2 > after",
    "request > run Traced > tried [] > attempt 2 > before",
    "request > run Traced > within/inner []",
    "request > run Traced > within/inner [] > run Inner",
    "request > run Traced > within/inner [] > run Inner > own-name []",
    "request > run Traced > within/inner [] > run Inner > own-name [] > now",
];

#[test]
fn a_run_is_a_tree_of_nodes_and_attempts() {
    let request =
        tracing::dispatcher::with_default(&Trace::default().dispatch(), tracing::Span::none);
    drop(request);
    let (sum, seen) = traced(async {
        let request = tracing::info_span!(target: "test", "request");
        Traced::run().instrument(request).await
    });
    assert_eq!(sum.unwrap(), 1);
    let mut paths = paths(&seen);
    paths.sort();
    assert_eq!(paths, TREE);
}

#[test]
fn a_started_run_is_the_same_tree_under_the_span_that_started_it() {
    let (sum, seen) = traced(async {
        let orch = Orchestrator::builder().build().await.unwrap();
        let start = async { orch.start(Traced, ()).await.unwrap() };
        let run = start
            .instrument(tracing::info_span!(target: "test", "request"))
            .await;
        run.result().await
    });
    assert_eq!(sum.unwrap(), 1);
    let mut paths = paths(&seen);
    paths.sort();
    assert_eq!(paths, TREE);
}

workflow! {
    pub Busy() -> u32 {
        first = quick(0);
        each = for n in 0..40_u32 { one = quick(n + first); quick(one) };
        each.iter().sum()
    }
}

#[step(retries = 1, backoff = "1ms..1ms")]
async fn quick(n: u32, #[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    tracing::info!(target: "test", says = ctx.node(), attempt = ctx.attempt(), items = ?ctx.items());
    tokio::task::yield_now().await;
    tracing::info!(target: "test", says = ctx.node(), attempt = ctx.attempt(), items = ?ctx.items());
    if n.is_multiple_of(5) && ctx.attempt() == 1 {
        Err(Refused("again"))
    } else {
        Ok(n)
    }
}

#[test]
fn every_step_is_in_its_own_span_on_two_threads() -> Result<(), Box<dyn Error>> {
    let trace = Trace::default();
    let dispatch = trace.dispatch();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&dispatch)))
        .build()?;
    let sum = runtime.block_on(async { tokio::spawn(Busy::run()).await })??;
    assert_eq!(sum, (0..40).sum::<u32>());
    drop(runtime);
    let seen = trace.all();
    let told: Vec<_> = seen
        .iter()
        .filter(|seen| seen.fields.contains_key("says"))
        .collect();
    assert_eq!(told.len(), 2 * (81 + 1 + 8 * 2));
    for event in told {
        let around: Vec<_> = event.around.iter().map(|place| &seen[*place]).collect();
        let [run, node, attempt] = around[..] else {
            panic!("{around:#?}")
        };
        assert_eq!(run.name, "run");
        assert_eq!(node.fields["task_id"], event.fields["says"]);
        assert_eq!(node.fields["items"], event.fields["items"]);
        assert_eq!(attempt.fields["attempt"], event.fields["attempt"]);
    }
    Ok(())
}

// ---- the page

/// The rows of the table after a heading; what is in backticks, or plain, cell by cell.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, after) = PAGE.split_once(heading).unwrap();
    let rows = after.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    })
    .collect()
}

fn set(cell: &str) -> BTreeSet<String> {
    cell.split(", ").map(str::to_owned).collect()
}

#[step(breaker(failure_threshold = 1, recovery_timeout = "5s"))]
async fn guarded(#[ctx] ctx: &StepCtx) -> Result<u32, Refused> {
    struct Unserializable;

    impl serde::Serialize for Unserializable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not this one"))
        }
    }

    ctx.emit(&Unserializable);
    Err(Refused("always"))
}

workflow! {
    pub Logged() -> Result<u32, Refused> {
        tried = shaky();
        fallen = guarded().or_else(same(2));
        broken = guarded();
        tried + fallen + broken
    }
}

async fn everything() {
    let orch = Orchestrator::builder()
        .on_error(|_| panic!("a bad handler"))
        .build()
        .await
        .unwrap();
    let run = orch
        .start(Logged, ())
        .id("run-1")
        .correlation_id("basket-7")
        .await
        .unwrap();
    run.result().await.unwrap_err();
    orch.breaker("guarded").unwrap().reset();
    crate::metrics::aging(&orch).await;
    let run = orch.start(crate::panics::Dropped, 1).await.unwrap();
    run.result().await.unwrap();
    orch.start(Traced, ())
        .await
        .unwrap()
        .result()
        .await
        .unwrap();
}

#[test]
fn spans_and_events_are_those_that_the_page_lists() {
    let ((), seen) = traced(everything());
    let own = |seen: &&Seen| !seen.fields.contains_key("says");

    let spans = seen.iter().filter(|seen| !seen.is_event).filter(own);
    let spans: BTreeMap<_, _> = spans
        .inspect(|span| assert_eq!(span.level, Level::INFO))
        .map(|span| (span.name.clone(), span.fields.keys().cloned().collect()))
        .collect();
    let listed = table("## Spans")
        .into_iter()
        .map(|row| (row[0].clone(), set(&row[1])));
    assert_eq!(spans, listed.collect());

    let mut events: BTreeMap<_, (String, BTreeSet<_>)> = BTreeMap::new();
    for event in seen.iter().filter(|seen| seen.is_event).filter(own) {
        let mut fields: BTreeSet<_> = event.fields.keys().cloned().collect();
        assert!(fields.remove("event"), "{event:?}");
        let level = event.level.as_str().to_lowercase();
        let name = event.fields["event"].clone();
        let earlier = events.insert(name, (level.clone(), fields.clone()));
        assert!(
            earlier.is_none_or(|earlier| earlier == (level, fields)),
            "{event:?}"
        );
    }
    let listed = table("## Log events").into_iter();
    let listed = listed.map(|row| (row[0].clone(), (row[1].clone(), set(&row[2]))));
    assert_eq!(events, listed.collect());
}

workflow! {
    #[deprecated(note = "use `Logged`")]
    #[workflow(version = "3")]
    pub Outdated(n: u32) -> u32 { n }
}

#[test]
#[expect(deprecated, reason = "it is what the test is about")]
fn a_deprecated_workflow_says_so_where_it_is_registered() {
    let ((), seen) = traced(async {
        let built = Orchestrator::builder().workflow(Outdated).build().await;
        assert_eq!(
            built.unwrap().workflows()[0].deprecated,
            Some("use `Logged`")
        );
    });
    let warned = seen.iter().find(|seen| seen.is_event).unwrap();
    let fields: Vec<_> = warned
        .fields
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    assert_eq!(
        fields,
        [
            "event=workflow_deprecated",
            "note=use `Logged`",
            "version=3",
            "workflow=Outdated"
        ]
    );
}

/// The events that the sources log, with their levels.
fn logged(folder: &Path, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            logged(&path, found);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for (at, key) in source.match_indices("event = \"") {
            let name = source[at + key.len()..].split('"').next().unwrap();
            let (_, call) = source[..at].rsplit_once("tracing::").unwrap();
            let level = call.split('!').next().unwrap();
            let levels = found.entry(name.to_owned()).or_default();
            levels.insert(level.to_owned());
        }
    }
}

#[test]
fn every_event_that_is_logged_is_listed() {
    let mut found = BTreeMap::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("orch-runtime/src");
    logged(&sources, &mut found);
    let events = table("## Log events");
    let listed = events.into_iter().chain(table("besides:"));
    let listed = listed.map(|row| (row[0].clone(), set(&row[1])));
    assert_eq!(found, listed.collect());
}

#[test]
fn a_log_line_says_what_when_and_how_long() {
    let ((), seen) = traced(everything());
    let find = |event: &str, task: &str| {
        let same = |seen: &&Seen| {
            seen.fields.get("event").is_some_and(|own| own == event)
                && seen.fields.get("task_id").is_none_or(|own| own == task)
        };
        let fields = &seen.iter().find(same).unwrap().fields;
        fields
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        find("run_started", ""),
        "correlation_id=basket-7 event=run_started execution_id=run-1 workflow=Logged"
    );
    assert_eq!(
        find("attempt_failed", "tried"),
        "attempt=1 error=refused: again error_type=failed event=attempt_failed execution_id=run-1 retry_in_ms=1000.0 task_id=tried"
    );
    assert_eq!(
        find("task_ended", "tried"),
        "duration_ms=3000.0 event=task_ended execution_id=run-1 status=done task_id=tried"
    );
    assert_eq!(
        find("fell_back", "fallen"),
        "event=fell_back execution_id=run-1 task_id=fallen tier=1"
    );
    assert_eq!(
        find("degraded", "old"),
        "age_ms=2000.0 error=refused: down error_type=failed event=degraded execution_id=old task_id=old"
    );
    assert_eq!(
        find("run_ended", ""),
        "correlation_id=basket-7 duration_ms=3000.0 event=run_ended execution_id=run-1 status=failed workflow=Logged"
    );
}
