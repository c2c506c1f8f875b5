//! How the engine runs a graph: what runs in parallel and where, and what becomes of a run that is dropped.

use std::collections::HashSet;
use std::error::Error;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use orch::prelude::*;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::probe::{Probe, Refused, eventually, hangs, notes, secs, settle, takes};

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

// ---- parallelism

#[step]
fn joined(parts: [&'static str; 2]) -> String {
    parts.concat()
}

workflow! {
    /// `top` before `left` and `right`, both before `bottom`; beside them a longer path of its own.
    pub Diamond(probe: Probe) -> String {
        top = takes(&probe, "top", 3);
        left = takes(&probe, if top.is_empty() { "" } else { "left" }, 5);
        right = takes(&probe, if top.is_empty() { "" } else { "right" }, 2);
        further = takes(&probe, if right.is_empty() { "" } else { "further" }, 4);
        bottom = joined([left, further]);
        bottom.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_takes_as_long_as_its_longest_path() -> Result<(), RunError> {
    let (probe, began) = (Probe::new(), Instant::now());
    assert_eq!(Diamond::run(probe.clone()).await?, "leftfurther");
    assert_eq!(began.elapsed(), secs(3 + 2 + 4));
    assert_eq!(probe.times("left starts"), [secs(3)]);
    assert_eq!(probe.times("right starts"), [secs(3)]);
    // No level holds the other branch up: `further` starts while `left` still runs.
    assert_eq!(probe.times("further starts"), [secs(5)]);
    assert_eq!(probe.times("left ends"), [secs(8)]);
    assert_eq!(probe.most(), 2);
    Ok(())
}

workflow! {
    pub Wide(probe: Probe) {
        takes(&probe, "a", 1);
        takes(&probe, "b", 1);
        takes(&probe, "c", 1);
        takes(&probe, "d", 1);
        takes(&probe, "e", 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_nothing_starts_at_once() -> Result<(), RunError> {
    let (probe, began) = (Probe::new(), Instant::now());
    Wide::run(probe.clone()).await?;
    assert_eq!(began.elapsed(), secs(1));
    assert_eq!(probe.most(), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_share_a_graph() -> Result<(), RunError> {
    for _ in 0..20 {
        let probe = Probe::new();
        Quick::run(probe.clone()).await?;
        assert_eq!(probe.count("leaf"), 32);
        assert_eq!(probe.notes().last().map(String::as_str), Some("last"));
        eventually("nothing of a run outlives it", || probe.holders() == 1).await;
    }
    Ok(())
}

workflow! {
    pub Quick(probe: Probe) {
        first = brief(&probe, "first");
        leaves = for n in 0..32_u32 { leaf(&probe, n, first) };
        #[node(after = [leaves])]
        notes(&probe, "last");
    }
}

#[step]
async fn brief(probe: &Probe, name: &'static str) -> usize {
    tokio::task::yield_now().await;
    probe.note(name);
    name.len()
}

#[step]
async fn leaf(probe: &Probe, n: u32, first: usize) -> usize {
    if n.is_multiple_of(3) {
        tokio::task::yield_now().await;
    }
    probe.note("leaf");
    first
}

// ---- cores

/// A door that opens when two stand before it at once, on two threads.
#[derive(Debug, Clone, Default)]
pub struct Door(Arc<(Mutex<HashSet<ThreadId>>, Condvar)>);

impl Door {
    /// Keeps its thread busy for a while, and then until another one comes; whether one did.
    fn pass(&self) -> bool {
        let since = std::time::Instant::now();
        while since.elapsed() < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
        let (threads, came) = &*self.0;
        let mut before = threads.lock().unwrap();
        before.insert(std::thread::current().id());
        came.notify_all();
        let waited = came.wait_timeout_while(before, secs(20), |before| before.len() < 2);
        !waited.unwrap().1.timed_out()
    }
}

/// Burns a core.
#[step]
fn burns(door: &Door) -> bool {
    door.pass()
}

workflow! {
    pub TwoBurn(door: Door) -> bool {
        one = burns(&door);
        other = burns(&door);
        one && other
    }
}

workflow! {
    pub BurnsAfter(door: Door) -> bool {
        begun = opens(&door);
        one = burns(&begun);
        other = burns(&begun);
        one && other
    }
}

#[step]
async fn opens(door: &Door) -> Door {
    tokio::task::yield_now().await;
    door.clone()
}

workflow! {
    pub ItemsBurn(door: Door) -> bool {
        passed = for _ in 0..2_u8 { burns(&door) };
        passed.iter().all(|passed| *passed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_functions_use_both_cores() -> Result<(), Box<dyn std::error::Error>> {
    for _ in 0..10 {
        assert!(TwoBurn::run(Door::default()).await?);
        assert!(BurnsAfter::run(Door::default()).await?);
        assert!(ItemsBurn::run(Door::default()).await?);
        let orch = Orchestrator::builder().build().await?;
        assert!(orch.start(TwoBurn, Door::default()).await?.result().await?);
        assert!(
            orch.start(BurnsAfter, Door::default())
                .await?
                .result()
                .await?
        );
        assert!(
            orch.start(ItemsBurn, Door::default())
                .await?
                .result()
                .await?
        );
    }
    Ok(())
}

#[step(blocking)]
fn blocks(door: Door) -> bool {
    door.pass()
}

workflow! {
    pub TwoBlock(door: Door) -> bool {
        one = blocks(door.clone());
        other = blocks(door.clone());
        one && other
    }
}

#[tokio::test]
async fn blocking_functions_leave_the_one_thread_there_is() -> Result<(), RunError> {
    assert!(TwoBlock::run(Door::default()).await?);
    Ok(())
}

#[step(blocking, retries = 2)]
fn greets(
    name: String,
    #[ctx] ctx: &StepCtx,
    #[resource] greeting: &str,
) -> Result<String, Refused> {
    match ctx.attempt() {
        1 => Err(Refused("not yet")),
        attempt => Ok(format!(
            "{greeting} {name}, {} at attempt {attempt}",
            ctx.node()
        )),
    }
}

workflow! {
    pub Greets(name: String) -> Result<String, Refused> { greets(name) }
}

#[tokio::test]
async fn blocking_functions_are_lent_the_context_and_resources() -> Result<(), Box<dyn Error>> {
    let orch = Orchestrator::builder()
        .shared::<str>(Arc::from("hello"))
        .build()
        .await?;
    let run = orch.start(Greets, "Ada".to_owned()).await?;
    assert_eq!(run.result().await?, "hello Ada, greets at attempt 2");
    Ok(())
}

// ---- tasks

#[step]
async fn counts_tasks(before: usize, waits: bool) -> usize {
    if waits {
        tokio::time::sleep(secs(1)).await;
    }
    before.max(tasks())
}

#[step]
fn adds_nothing(before: usize) -> usize {
    before.max(tasks())
}

workflow! {
    pub Chain(waits: bool) -> usize {
        a = counts_tasks(0, waits);
        b = adds_nothing(a);
        c = counts_tasks(b, waits);
        d = if c > 0 { counts_tasks(c, waits) } else { adds_nothing(c) };
        e = counts_tasks(d, waits);
        counts_tasks(e, waits)
    }
}

#[tokio::test(start_paused = true)]
async fn a_chain_spawns_nothing() -> Result<(), Box<dyn std::error::Error>> {
    for waits in [false, true] {
        assert_eq!(Chain::run(waits).await?, 0);
        let orch = Orchestrator::builder().build().await?;
        let run = orch.start(Chain, waits).await?;
        assert_eq!(run.result().await?, 1, "the run itself, and no more");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_spawns_nothing_on_two_threads() -> Result<(), RunError> {
    assert_eq!(Chain::run(false).await?, 0);
    Ok(())
}

workflow! {
    pub Pair() -> usize {
        one = counts_tasks(0, true);
        other = counts_tasks(0, true);
        one.max(other)
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_of_what_waits_stays_where_it_is() -> Result<(), RunError> {
    assert_eq!(Pair::run().await?, 1, "one of the two moved to a task");
    assert_eq!(tasks(), 0);
    Ok(())
}

// ---- a run whose future is dropped

workflow! {
    pub Abandoned(probe: Probe) {
        hung = hangs(&probe, "first");
        takes(&probe, "second", 1);
        items = for _ in 0..2_u8 { hangs(&probe, "item") };
        #[node(after = [hung])]
        notes(&probe, "after");
        #[node(on = all_done)]
        sees(&probe, hung, items);
        #[node(finally)]
        takes(&probe, "cleanup", 2);
    }
}

#[step]
fn sees(probe: &Probe, one: Outcome<&&'static str>, items: Outcome<&Vec<&'static str>>) {
    probe.note(format!("saw {} {}", one.as_str(), items.as_str()));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_run_cancels_it_and_still_cleans_up() {
    let probe = Probe::new();
    let run = tokio::time::timeout(secs(5), Abandoned::run(probe.clone())).await;
    assert!(run.is_err());
    tokio::time::sleep(secs(3)).await;
    let mut notes = probe.notes();
    notes[5..].sort();
    assert_eq!(
        notes,
        [
            "first starts",
            "second starts",
            "item starts",
            "item starts",
            "second ends",
            "cleanup ends",
            "cleanup starts",
            "first dropped",
            "item dropped",
            "item dropped",
        ]
    );
    assert_eq!(probe.times("first dropped"), [secs(5)]);
    assert_eq!(probe.times("cleanup ends"), [secs(7)]);
    assert_eq!((tasks(), probe.holders()), (0, 1), "nothing is left of it");
}

workflow! {
    pub AbandonedAlone(probe: Probe) {
        hangs(&probe, "only");
        #[node(finally)]
        notes(&probe, "cleanup");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_run_that_spawned_nothing_cancels_it_too() {
    let probe = Probe::new();
    let run = tokio::time::timeout(secs(1), AbandonedAlone::run(probe.clone())).await;
    assert!(run.is_err());
    settle().await;
    assert_eq!(probe.notes(), ["only starts", "only dropped", "cleanup"]);
    assert_eq!((tasks(), probe.holders()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_never_polled_does_nothing() {
    let probe = Probe::new();
    drop(AbandonedAlone::run(probe.clone()));
    settle().await;
    assert!(probe.notes().is_empty());
    assert_eq!((tasks(), probe.holders()), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_run_cancels_it_on_two_threads() {
    for _ in 0..20 {
        let probe = Probe::new();
        let run = tokio::time::timeout(Duration::from_millis(2), Crowd::run(probe.clone())).await;
        assert!(run.is_err());
        eventually("nothing is left", || (tasks(), probe.holders()) == (0, 1)).await;
        assert_eq!(probe.under_way(), 0);
        assert_eq!(probe.count("cleanup"), 1);
        assert_eq!(probe.count("member starts"), probe.count("member dropped"));
    }
}

workflow! {
    pub Crowd(probe: Probe) {
        for _ in 0..50_u8 { hangs(&probe, "member") };
        hangs(&probe, "member");
        #[node(finally)]
        notes(&probe, "cleanup");
    }
}

// ---- values

/// Where a large value lies in memory.
#[step]
fn place(bytes: &[u8]) -> usize {
    bytes.as_ptr().addr()
}

#[step]
async fn place_later(bytes: &[u8]) -> usize {
    tokio::task::yield_now().await;
    bytes.as_ptr().addr()
}

#[step]
fn makes(len: usize) -> Vec<u8> {
    vec![7; len]
}

#[step]
fn passes_on(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[step]
async fn passes_on_later(bytes: Vec<u8>) -> Vec<u8> {
    tokio::task::yield_now().await;
    bytes
}

workflow! {
    pub Moves(input: Vec<u8>) -> Vec<u8> {
        once = passes_on(input);
        twice = passes_on_later(once);
        passes_on(twice)
    }
}

workflow! {
    pub Heavy(input: Vec<u8>) -> (Vec<usize>, Vec<usize>) {
        of_input = place(&input);
        of_input_later = place_later(&input);
        of_input_in_items = for _ in 0..2_u8 { place_later(&input) };
        made = makes(100 << 20);
        here = place(&made);
        there = if made.is_empty() { place(&made) } else { place_later(&made) };
        chunks = for chunk in made.chunked(50 << 20) { place(chunk) };
        (
            [&[of_input, of_input_later], &of_input_in_items[..]].concat(),
            vec![*here, *there, chunks[0], chunks[1] - (50 << 20)],
        )
    }
}

#[tokio::test]
async fn a_value_of_100_mb_is_never_copied() -> Result<(), RunError> {
    let input = vec![1_u8; 100 << 20];
    let address = input.as_ptr().addr();
    let (of_input, of_made) = Heavy::run(input).await?;
    assert_eq!(of_input, [address; 4]);
    assert_eq!(of_made, [of_made[0]; 4]);

    let input = vec![1_u8; 100 << 20];
    let address = input.as_ptr().addr();
    let moved = Moves::run(input).await?;
    assert_eq!(moved.as_ptr().addr(), address);
    Ok(())
}
