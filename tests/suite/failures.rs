//! What becomes of a run when steps fail: what still runs, what the error says, and what it is the source of.

use std::error::Error;
use std::fmt;

use orch::prelude::*;
use orch::schedule::Status;
use orch::testing::TestRun;
use orch::{ErrorKind, NodeError};
use tokio::time::Instant;

use crate::probe::{Probe, Refused, fails, hangs, millis, notes, secs, takes};

// ---- what a failure stops

workflow! {
    pub HalfBroken(probe: Probe) -> Result<&'static str, Refused> {
        broken = fails(&probe, "broken", 2);
        needs_it = takes(&probe, if broken.is_empty() { "" } else { "dependent" }, 1);
        sound = takes(&probe, "sound", 5);
        later = takes(&probe, if sound.is_empty() { "" } else { "later" }, 1);
        #[node(on = all_done)]
        swept = sweeps(&probe, sound);
        notes(&probe, swept);
        #[node(finally)]
        notes(&probe, "finally");
        if needs_it.is_empty() { later } else { needs_it }
    }
}

#[step]
fn sweeps(probe: &Probe, sound: Outcome<&&'static str>) -> &'static str {
    probe.note(format!("sweeps after {}", sound.as_str()));
    "after the sweep"
}

#[tokio::test(start_paused = true)]
async fn a_failure_lets_what_has_started_finish_and_starts_only_what_cleans_up()
-> Result<(), Box<dyn Error>> {
    let (probe, began) = (Probe::new(), Instant::now());
    let tested = TestRun::of(HalfBroken).run(probe.clone()).await?;
    assert_eq!(
        probe.notes(),
        [
            "broken starts",
            "sound starts",
            "broken fails",
            "sound ends",
            "sweeps after done",
            "after the sweep",
            "finally",
        ]
    );
    assert_eq!(began.elapsed(), secs(5));
    assert_eq!(tested.status("broken"), Some(Status::Failed));
    assert_eq!(tested.status("needs-it"), Some(Status::Blocked));
    assert_eq!(tested.status("sound"), Some(Status::Done));
    assert_eq!(tested.status("later"), Some(Status::Blocked));
    assert_eq!(tested.status("swept"), Some(Status::Done));
    assert_eq!(tested.result.unwrap_err().error(), Some(&Refused("broken")));
    Ok(())
}

workflow! {
    #[workflow(on_failure = cancel)]
    pub AllOrNothing(probe: Probe) {
        fails(&probe, "broken", 2);
        hangs(&probe, "sound");
        for _ in 0..2_u8 { hangs(&probe, "item") };
        #[node(finally)]
        takes(&probe, "cleanup", 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_may_stop_what_has_started() {
    let (probe, began) = (Probe::new(), Instant::now());
    let error = AllOrNothing::run(probe.clone()).await.unwrap_err();
    assert!(matches!(error, RunError::Failed(_)), "{error}");
    assert_eq!(
        error.failures().len(),
        1,
        "what was stopped did not fail: {error:?}"
    );
    assert_eq!(probe.times("sound dropped"), [secs(2)]);
    assert_eq!(probe.times("item dropped"), [secs(2); 2]);
    assert_eq!(probe.times("cleanup ends"), [secs(5)]);
    assert_eq!(began.elapsed(), secs(5));
}

workflow! {
    pub Several(probe: Probe) -> Result<(), Refused> {
        fails(&probe, "slow", 3);
        fails(&probe, "quick", 1);
        fails(&probe, "middle", 2);
        takes(&probe, "sound", 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_lists_every_node_that_failed() {
    let error = Several::run(Probe::new()).await.unwrap_err();
    let failed: Vec<_> = error.failures().iter().map(NodeError::message).collect();
    assert_eq!(
        failed,
        ["refused: quick", "refused: middle", "refused: slow"]
    );
    assert_eq!(
        error.error(),
        Some(&Refused("quick")),
        "the first is what the run failed with"
    );
    let words = error.to_string();
    assert!(
        words.ends_with("refused: quick (and 2 more failed)"),
        "{words}"
    );
}

// ---- what consumes a failure

#[step]
fn known() -> Result<u32, Refused> {
    Ok(7)
}

#[step]
fn unknown() -> Result<u32, Refused> {
    Err(Refused("unknown"))
}

#[step]
fn describe(value: Option<u32>) -> String {
    format!("{value:?}")
}

#[step]
fn judge(value: Outcome<&u32>) -> String {
    match value {
        Outcome::Failed(error) => format!("{} {}", error.code(), error.message()),
        other => other.as_str().to_owned(),
    }
}

workflow! {
    pub Consumed() -> Vec<String> {
        #[node(optional)]
        absent = unknown();
        #[node(optional)]
        present = known();
        of_absent = describe(absent);
        of_present = describe(present);
        judged = unknown().outcome();
        of_judged = judge(judged);
        well = known().outcome();
        of_well = judge(well);
        fallen = unknown().or_else(known());
        tolerant = for n in 0..10_u32 { odd_only(n) };
        #[node(on = one_failed)]
        seen = judge(source);
        source = unknown();
        vec![of_absent.clone(), of_present.clone(), of_judged.clone(), of_well.clone(), seen.clone(), format!("{fallen} {}", tolerant.len())]
    }
}

#[step]
fn odd_only(n: u32) -> u32 {
    n
}

#[tokio::test(start_paused = true)]
async fn a_run_succeeds_when_every_failure_was_consumed() -> Result<(), RunError> {
    assert_eq!(
        Consumed::run().await?,
        [
            "None",
            "Some(7)",
            "failed refused: unknown",
            "done",
            "failed refused: unknown",
            "7 10",
        ]
    );
    Ok(())
}

// ---- panics

#[step]
fn panics_at_once() -> u32 {
    panic!("kaboom")
}

#[step]
async fn panics_later(what: u32) -> u32 {
    tokio::time::sleep(secs(1)).await;
    panic!("kaboom {what}")
}

#[step(blocking)]
fn panics_elsewhere() -> u32 {
    panic!("kaboom elsewhere")
}

#[step(retries = 2, backoff(initial = "1s", factor = 1, jitter = "none"))]
async fn panics_twice(#[ctx] ctx: &StepCtx) -> u32 {
    assert!(ctx.attempt() > 2, "attempt {}", ctx.attempt());
    ctx.attempt()
}

#[step]
fn panics_with_a_number() -> u32 {
    std::panic::panic_any(7_u8)
}

macro_rules! runs {
    ($($name:ident = $step:ident($($arg:expr)?);)*) => {$(
        workflow! { pub $name() -> u32 { $step($($arg)?) } }
    )*};
}

runs! {
    PanicsAtOnce = panics_at_once();
    PanicsLater = panics_later(3);
    PanicsElsewhere = panics_elsewhere();
    PanicsTwice = panics_twice();
    PanicsWithANumber = panics_with_a_number();
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_attempt_with_its_message() {
    for (error, message) in [
        (PanicsAtOnce::run().await, "kaboom"),
        (PanicsLater::run().await, "kaboom 3"),
        (PanicsElsewhere::run().await, "kaboom elsewhere"),
        (PanicsWithANumber::run().await, "a panic without a message"),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, RunError::Panicked(_)), "{error}");
        assert_eq!(error.code(), "panicked");
        let [failure] = error.failures() else {
            panic!("{error:?}")
        };
        assert_eq!(failure.kind(), ErrorKind::Panicked);
        assert_eq!(failure.message(), message);
        assert_eq!(failure.attempt(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_can_be_retried() -> Result<(), RunError> {
    let began = Instant::now();
    assert_eq!(PanicsTwice::run().await?, 3);
    assert_eq!(began.elapsed(), secs(2));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_same_where_somebody_listens() -> Result<(), Box<dyn Error>> {
    let orch = Orchestrator::builder().on_event(|_| {}).build().await?;
    let error = orch
        .start(PanicsAtOnce, ())
        .await?
        .result()
        .await
        .unwrap_err();
    assert!(matches!(error, RunError::Panicked(_)), "{error}");
    assert_eq!(error.failures()[0].message(), "kaboom");
    Ok(())
}

workflow! {
    pub BrokenViews(list: Vec<u32>) -> u32 {
        beyond = list[7] + 1;
        passed = odd_only(beyond);
        passed
    }
}

workflow! {
    pub BrokenHead(list: Vec<u32>) -> usize {
        each = for n in 0..(list.len() - 1) { odd_only(n as u32) };
        each.len()
    }
}

workflow! {
    pub BrokenResult(list: Vec<u32>) -> u32 {
        first = odd_only(1);
        first / list.len() as u32
    }
}

#[tokio::test(start_paused = true)]
async fn what_panics_between_steps_is_a_failure_of_the_node_that_wanted_it() {
    for (error, node, message) in [
        (
            BrokenViews::run(vec![]).await.map(|_| ()),
            "passed",
            "index out of bounds",
        ),
        (
            BrokenHead::run(vec![]).await.map(|_| ()),
            "each",
            "its head panicked: attempt to subtract",
        ),
        (
            BrokenResult::run(vec![]).await.map(|_| ()),
            "result",
            "divide by zero",
        ),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, RunError::Panicked(_)), "{error}");
        let failure = &error.failures()[0];
        assert_eq!(failure.node(), node);
        assert!(failure.message().contains(message), "{failure}");
    }
}

// ---- what an error says

#[derive(Debug)]
pub struct Low(std::num::ParseIntError);

impl fmt::Display for Low {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a number")
    }
}

impl Error for Low {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[derive(Debug)]
pub enum High {
    Low(Low),
    Refused(Refused),
}

impl fmt::Display for High {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Low(low) => write!(f, "high: {low}"),
            Self::Refused(refused) => write!(f, "high: {refused}"),
        }
    }
}

impl Error for High {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Low(low) => Some(low),
            Self::Refused(refused) => Some(refused),
        }
    }
}

impl From<Low> for High {
    fn from(low: Low) -> Self {
        Self::Low(low)
    }
}

impl From<Refused> for High {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

#[step(retries = 1, backoff(initial = "1s", jitter = "none"))]
fn parse(text: &str) -> Result<u32, Low> {
    text.parse().map_err(Low)
}

workflow! {
    pub Typed(texts: Vec<String>) -> Result<usize, High> {
        numbers = for text in &texts {
            inner = for part in text.split('+').map(str::to_owned).collect::<Vec<_>>() { parse(&part) };
            inner.len()
        };
        numbers.len()
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_says_where_and_leads_to_its_cause() -> Result<(), Box<dyn Error>> {
    let orch = Orchestrator::builder().build().await?;
    let texts = vec!["1".to_owned(), "2+3+x".to_owned()];
    let run = orch.start(Typed, texts).id("run-7").await?;
    let error = run.result().await.unwrap_err();

    assert_eq!(
        (error.run_id().as_str(), error.workflow()),
        ("run-7", "Typed")
    );
    assert!(matches!(error.error(), Some(High::Low(_))));
    let failure = &error.failures()[0];
    assert_eq!(failure.node(), "numbers/inner/parse");
    assert_eq!(failure.step(), "parse");
    assert_eq!(failure.place().items, [1, 2]);
    assert_eq!(failure.attempt(), 2);
    assert_eq!(
        failure.to_string(),
        "node `numbers/inner/parse`, item 1, item 2 of workflow `Typed` (step `parse`, run run-7) failed in attempt 2: high: not a number"
    );
    assert_eq!(
        error.to_string(),
        "run run-7 of workflow `Typed` failed: node `numbers/inner/parse`, item 1, item 2 (step `parse`) failed in attempt 2: high: not a number"
    );

    let mut chain = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    assert_eq!(
        chain[1..],
        [
            "high: not a number",
            "not a number",
            "invalid digit found in string"
        ]
    );
    let json = serde_json::to_value(failure)?;
    assert_eq!(
        json,
        serde_json::json!({
            "code": "failed", "run": "run-7", "workflow": "Typed", "node": "numbers/inner/parse", "step": "parse",
            "items": [1, 2], "attempt": 2, "message": "high: not a number",
        })
    );
    Ok(())
}

workflow! {
    pub Untyped(text: String) -> u32 { parse(&text) }
}

#[tokio::test(start_paused = true)]
async fn without_a_declared_type_the_error_itself_is_the_source() {
    let error = Untyped::run("x".to_owned()).await.unwrap_err();
    let any: &AnyError = error.error().unwrap();
    assert!(any.downcast_ref::<Low>().is_some());
    let node = error.source().unwrap();
    let low = node.source().unwrap();
    assert!(low.downcast_ref::<Low>().is_some(), "{low:?}");
    assert_eq!(
        low.source().unwrap().to_string(),
        "invalid digit found in string"
    );
}

// ---- workflows in workflows

workflow! {
    pub Inner(probe: Probe, text: String) -> Result<u32, Low> {
        number = parse(&text);
        #[node(finally)]
        notes(&probe, "inner finally");
        number
    }
}

workflow! {
    pub Outer(probe: Probe, text: String) -> Result<u32, RunError<Low>> {
        inner = Inner::run(probe.clone(), text.clone());
        #[node(finally)]
        notes(&probe, "outer finally");
        inner + 1
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_workflow_within_is_kept_whole() -> Result<(), Box<dyn Error>> {
    let probe = Probe::new();
    assert_eq!(Outer::run(probe.clone(), "4".to_owned()).await?, 5);
    let error = Outer::run(probe.clone(), "x".to_owned()).await.unwrap_err();
    assert_eq!(error.failures()[0].node(), "inner");
    let inner = error.error().unwrap();
    assert_eq!(inner.workflow(), "Inner");
    assert!(inner.error().is_some());
    assert_ne!(inner.run_id(), error.run_id());
    assert_eq!(probe.notes()[2..], ["inner finally", "outer finally"]);
    Ok(())
}

workflow! {
    pub Waiting(probe: Probe) {
        hangs(&probe, "deep");
        #[node(finally)]
        takes(&probe, "deep cleanup", 2);
    }
}

workflow! {
    pub Around(probe: Probe) {
        Waiting::run(probe.clone());
        #[node(finally)]
        notes(&probe, "outer cleanup");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_run_cancels_the_runs_within() -> Result<(), Box<dyn Error>> {
    let probe = Probe::new();
    let orch = Orchestrator::builder().build().await?;
    let run = orch.start(Around, probe.clone()).await?;
    tokio::time::sleep(secs(1)).await;
    run.cancel("enough");
    assert!(run.result().await.unwrap_err().is_cancelled());
    tokio::time::sleep(secs(5)).await;
    let mut notes = probe.notes();
    notes.sort();
    assert_eq!(
        notes,
        [
            "deep cleanup ends",
            "deep cleanup starts",
            "deep dropped",
            "deep starts",
            "outer cleanup"
        ]
    );
    assert_eq!(probe.times("deep dropped"), [secs(1)]);
    Ok(())
}

// ---- running out of time

workflow! {
    #[workflow(deadline = "10s")]
    pub Slow(probe: Probe) {
        hung = hangs(&probe, "hung");
        #[node(after = [hung])]
        notes(&probe, "after");
        #[node(finally)]
        takes(&probe, "cleanup", 30);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_stops_a_run_and_lets_it_clean_up() -> Result<(), Box<dyn Error>> {
    let (probe, began) = (Probe::new(), Instant::now());
    let tested = TestRun::of(Slow).run(probe.clone()).await?;
    let error = tested.result.as_ref().unwrap_err();
    assert!(error.is_timed_out(), "{error}");
    assert!(
        error
            .to_string()
            .ends_with("timed out: it took longer than its deadline of 10s"),
        "{error}"
    );
    assert_eq!(probe.times("hung dropped"), [secs(10)]);
    assert_eq!(began.elapsed(), secs(40));
    assert_eq!(tested.status("hung"), Some(Status::Cancelled));
    assert_eq!(tested.status("notes"), Some(Status::Blocked));
    assert_eq!(tested.status("takes"), Some(Status::Done));
    Ok(())
}

#[step(timeout = "2s")]
async fn too_slow(probe: &Probe) -> u32 {
    let under_way = probe.enter("attempt");
    std::future::pending::<()>().await;
    under_way.end();
    0
}

#[step(
    timeout = "2s",
    retries = 2,
    backoff(initial = "1s", factor = 1, jitter = "none"),
    deadline = "5500ms"
)]
async fn too_slow_often(probe: &Probe) -> u32 {
    let under_way = probe.enter("attempt");
    probe.note("attempt");
    std::future::pending::<()>().await;
    under_way.end();
    0
}

workflow! { pub TooSlow(probe: Probe) -> u32 { too_slow(&probe) } }

workflow! { pub TooSlowOften(probe: Probe) -> u32 { too_slow_often(&probe) } }

#[tokio::test(start_paused = true)]
async fn a_step_that_never_returns_is_dropped_at_its_timeout() {
    let probe = Probe::new();
    let error = TooSlow::run(probe.clone()).await.unwrap_err();
    assert!(error.is_timed_out(), "{error}");
    let failure = &error.failures()[0];
    assert_eq!(
        (failure.kind(), failure.attempt()),
        (ErrorKind::TimedOut, 1)
    );
    assert_eq!(failure.message(), "it took longer than its timeout of 2s");
    assert_eq!(probe.times("attempt dropped"), [secs(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_bounds_all_attempts_and_the_waits_between() {
    let (probe, began) = (Probe::new(), Instant::now());
    let error = TooSlowOften::run(probe.clone()).await.unwrap_err();
    assert_eq!(probe.times("attempt"), [secs(0), secs(3)]);
    assert_eq!(probe.times("attempt dropped"), [secs(2), secs(5)]);
    assert_eq!(began.elapsed(), millis(5500));
    let failure = &error.failures()[0];
    assert_eq!(failure.kind(), ErrorKind::DeadlineExceeded);
    assert!(error.is_timed_out(), "{error}");
}

workflow! {
    pub BrokenCleanup(probe: Probe) -> &'static str {
        value = takes(&probe, "value", 1);
        #[node(finally)]
        fails(&probe, "cleanup", 1);
        value
    }
}

#[tokio::test(start_paused = true)]
async fn a_clean_up_that_fails_fails_the_run() {
    let error = BrokenCleanup::run(Probe::new()).await.unwrap_err();
    assert_eq!(error.failures()[0].message(), "refused: cleanup");
}

// ---- what is not consumed

#[step]
fn refuse() -> Result<u32, Refusal> {
    Err(Refusal)
}

#[derive(Debug)]
pub struct Refusal;

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refusal {}

#[step]
fn look(outcome: Outcome<&u32>) -> usize {
    outcome.as_str().len()
}

#[step]
fn both(a: u32, b: u32) -> u32 {
    a + b
}

#[step]
fn one() -> u32 {
    1
}

workflow! {
    pub RuleThatNoFailureSatisfies() -> u32 {
        bad = refuse();
        #[node(on = none_failed)]
        look(bad);
        one()
    }
}

workflow! {
    pub LookedAtLast() -> u32 {
        bad = refuse();
        #[node(finally, on = one_failed)]
        look(bad);
        one()
    }
}

workflow! {
    pub TwoCauses() -> u32 {
        first = refuse();
        second = refuse();
        aside = refuse();
        #[node(on = all_done)]
        look_at(first, second, aside);
        both(first, second)
    }
}

#[step]
fn look_at(first: Outcome<&u32>, second: Outcome<&u32>, aside: Outcome<&u32>) -> bool {
    first.is_failed() && second.is_failed() && aside.is_failed()
}

#[tokio::test]
async fn only_a_rule_that_a_failure_can_satisfy_consumes_it() {
    for result in [
        RuleThatNoFailureSatisfies::run().await,
        LookedAtLast::run().await,
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.failures().len(), 1, "{error}");
        assert_eq!(error.failures()[0].node(), "bad");
    }
}

#[tokio::test]
async fn a_missing_result_names_each_of_its_causes_and_nothing_else() {
    let error = TwoCauses::run().await.unwrap_err();
    let mut nodes: Vec<&str> = error.failures().iter().map(NodeError::node).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, ["first", "second"]);
}

workflow! {
    pub OutcomesOfItems(count: u32) -> Vec<Outcome<u32>> {
        outcomes = for n in 0..count { odd(n).outcome() };
        outcomes
    }
}

#[step]
fn odd(n: u32) -> Result<u32, Refusal> {
    if n % 2 == 1 { Ok(n) } else { Err(Refusal) }
}

#[tokio::test]
async fn an_item_may_give_its_outcome() {
    let outcomes = OutcomesOfItems::run(3).await.unwrap();
    let words: Vec<&str> = outcomes.iter().map(Outcome::as_str).collect();
    assert_eq!(words, ["failed", "done", "failed"]);
}
