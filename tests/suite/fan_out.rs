//! `for`: how many items run at once, in which order they are given, and what happens to those that fail.

use orch::prelude::*;
use orch::schedule::Status;
use orch::testing::TestRun;
use orch::{ErrorKind, NodeError};
use tokio::time::Instant;

use crate::probe::{Probe, Refused, hangs, millis, secs, takes};

#[step]
async fn doubled(probe: &Probe, n: u32) -> u32 {
    let under_way = probe.enter("item");
    // Later items are over sooner, so that the order of the ends is not that of the items.
    tokio::time::sleep(millis(u64::from(7 - n % 7))).await;
    under_way.end();
    n * 2
}

workflow! {
    pub Many(probe: Probe) -> Vec<u32> {
        #[node(concurrency = 4)]
        doubles = for n in 0..10_000_u32 { doubled(&probe, n) };
        doubles.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_items_run_four_at_a_time() -> Result<(), RunError> {
    let probe = Probe::new();
    let doubles = Many::run(probe.clone()).await?;
    assert!(
        doubles.into_iter().eq((0..10_000).map(|n| n * 2)),
        "in the order of the items"
    );
    assert_eq!(probe.most(), 4);
    assert_eq!(probe.holders(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_items_run_four_at_a_time_on_two_threads() -> Result<(), RunError> {
    let probe = Probe::new();
    let doubles = Many2::run(probe.clone()).await?;
    assert!(doubles.into_iter().eq(0..10_000));
    assert!(probe.most() <= 4, "{}", probe.most());
    Ok(())
}

#[step]
async fn yielded(probe: &Probe, n: u32) -> u32 {
    let under_way = probe.enter("item");
    tokio::task::yield_now().await;
    under_way.end();
    n
}

workflow! {
    pub Many2(probe: Probe) -> Vec<u32> {
        #[node(concurrency = 4)]
        items = for n in 0..10_000_u32 { yielded(&probe, n) };
        items.clone()
    }
}

#[step]
fn odd(n: u32) -> Result<u32, Refused> {
    if n % 2 == 1 {
        Ok(n)
    } else {
        Err(Refused("even"))
    }
}

workflow! {
    pub Absent(count: u32) -> Vec<u32> {
        items = for n in 0..count {
            #[node(optional)]
            odd = odd(n);
            odd.unwrap_or(100)
        };
        items.clone()
    }
}

#[tokio::test]
async fn an_item_sees_nothing_of_the_one_before_it() -> Result<(), RunError> {
    assert_eq!(Absent::run(5).await?, [100, 1, 100, 3, 100]);
    Ok(())
}

workflow! {
    pub Tolerated(count: u32) -> Vec<Option<u32>> {
        #[node(tolerate = 3)]
        items = for n in 0..count { odd(n) };
        items.iter().map(|item| item.as_ref().ok().copied()).collect()
    }
}

#[tokio::test]
async fn what_items_gave_stands_beside_the_failures_of_others() -> Result<(), RunError> {
    let odds = [None, Some(1), None, Some(3), None];
    assert_eq!(Tolerated::run(5).await?, odds);
    assert!(Tolerated::run(7).await.is_err());
    Ok(())
}

workflow! {
    pub All(probe: Probe, count: u32) -> usize {
        doubles = for n in 0..count { doubled(&probe, n) };
        doubles.len()
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_all_items_run_at_once() -> Result<(), RunError> {
    let (probe, began) = (Probe::new(), Instant::now());
    assert_eq!(All::run(probe.clone(), 1000).await?, 1000);
    assert_eq!(probe.most(), 1000);
    assert_eq!(began.elapsed(), millis(7));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn no_items_give_an_empty_vector() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(All::run(Probe::new(), 0).await?, 0);
    let tested = TestRun::of(All).run((Probe::new(), 0)).await?;
    assert_eq!(tested.status("doubles"), Some(Status::Done));
    assert_eq!(tested.started("doubles/doubled"), 0);
    assert_eq!(tested.result?, 0);
    Ok(())
}

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    pub TooMany(count: u32) -> usize {
        items = for n in 0..count { same(n) };
        items.len()
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_items_are_the_most_by_default() -> Result<(), RunError> {
    assert_eq!(TooMany::run(100_000).await?, 100_000);
    for count in [100_001, u32::MAX] {
        let error = TooMany::run(count).await.unwrap_err();
        let failure = &error.failures()[0];
        assert_eq!(
            (failure.kind(), failure.node()),
            (ErrorKind::TooManyItems, "items")
        );
        assert_eq!(
            failure.message(),
            format!(
                "{count} items are more than the 100000 that a fan-out may have: group them with `.chunked(n)`, or raise `max_fan_out` on the orchestrator"
            )
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_orchestrator_says_how_many_items_are_too_many() -> Result<(), Box<dyn std::error::Error>>
{
    let orch = Orchestrator::builder().max_fan_out(3).build().await?;
    assert_eq!(orch.start(TooMany, 3).await?.result().await?, 3);
    let error = orch.start(TooMany, 4).await?.result().await.unwrap_err();
    assert_eq!(error.failures()[0].kind(), ErrorKind::TooManyItems);
    Ok(())
}

workflow! {
    pub Sources(list: Vec<u32>) -> Vec<Vec<u32>> {
        made = numbers(4);
        borrowed = for n in &made { same(*n) };
        sliced = for n in &list[1..] { same(*n) };
        owned = for n in numbers(3) { same(n) };
        array = for n in [7_u32, 8] { same(n) };
        inclusive = for n in 3..=5_u32 { same(n) };
        groups = for group in list.chunked(2) { sums(group) };
        pairs = for (a, b) in &[(1_u32, 2_u32), (3, 4)] { sums(&[*a, *b]) };
        vec![borrowed.clone(), sliced.clone(), owned.clone(), array.clone(), inclusive.clone(), groups.clone(), pairs.clone()]
    }
}

#[step]
fn numbers(count: u32) -> Vec<u32> {
    (0..count).collect()
}

#[step]
fn sums(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

#[tokio::test(start_paused = true)]
async fn items_come_from_slices_vectors_arrays_ranges_and_groups() -> Result<(), RunError> {
    let expected: [&[u32]; 7] = [
        &[0, 1, 2, 3],
        &[20, 30],
        &[0, 1, 2],
        &[7, 8],
        &[3, 4, 5],
        &[30, 30],
        &[3, 7],
    ];
    assert_eq!(Sources::run(vec![10, 20, 30]).await?, expected);
    Ok(())
}

workflow! {
    pub Grid(probe: Probe, rows: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
        grid = for row in &rows {
            base = sums(&row[..]);
            #[node(concurrency = 2)]
            cells = for cell in row {
                twice = doubled(&probe, *cell);
                if *cell > 1 { sums(&[base, twice]) } else { same(twice) }
            };
            cells.clone()
        };
        grid.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn fan_outs_nest() -> Result<(), RunError> {
    let probe = Probe::new();
    let rows = vec![vec![1, 2, 3], vec![], vec![4, 5]];
    let grid = Grid::run(probe.clone(), rows).await?;
    assert_eq!(grid, [vec![2, 6 + 4, 6 + 6], vec![], vec![9 + 8, 9 + 10]]);
    assert_eq!(
        probe.most(),
        4,
        "two cells of each of the two rows that have some"
    );
    assert_eq!(probe.holders(), 1);
    Ok(())
}

// ---- items that fail

#[step]
async fn even(probe: &Probe, n: u32, every: u32) -> Result<u32, Refused> {
    probe.note("item");
    tokio::time::sleep(secs(1)).await;
    if n % every == every - 1 {
        return Err(Refused("odd"));
    }
    Ok(n)
}

workflow! {
    pub Strict(probe: Probe) -> Result<usize, Refused> {
        #[node(concurrency = 2)]
        items = for n in 0..100_u32 { even(&probe, n, 9) };
        items.len()
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_item_that_fails_is_the_last_that_starts() {
    let probe = Probe::new();
    let error = Strict::run(probe.clone()).await.unwrap_err();
    assert_eq!(error.error(), Some(&Refused("odd")));
    let [failure] = error.failures() else {
        panic!("{error:?}")
    };
    assert_eq!(
        (failure.node(), &failure.place().items[..]),
        ("items/even", &[8][..])
    );
    assert_eq!(probe.count("item"), 10);
}

workflow! {
    pub Tolerant(probe: Probe, every: u32) -> (usize, Vec<String>) {
        #[node(tolerate = "10%", concurrency = 5)]
        items = for n in 0..100_u32 { even(&probe, n, every) };
        of_items = counted(&items);
        of_items.clone()
    }
}

#[step]
fn counted(items: &[Result<u32, NodeError>]) -> (usize, Vec<String>) {
    let failed = items.iter().filter_map(|item| item.as_ref().err());
    let failed = failed.map(|error| format!("{} {:?}", error.message(), error.place().items));
    (items.iter().flatten().count(), failed.take(2).collect())
}

#[tokio::test(start_paused = true)]
async fn what_is_tolerated_is_given_as_results() -> Result<(), RunError> {
    let (done, failed) = Tolerant::run(Probe::new(), 10).await?;
    assert_eq!(done, 90);
    assert_eq!(failed, ["refused: odd [9]", "refused: odd [19]"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn more_than_is_tolerated_fails_and_starts_no_further_item() {
    let probe = Probe::new();
    let error = Tolerant::run(probe.clone(), 2).await.unwrap_err();
    let [failure] = error.failures() else {
        panic!("{error:?}")
    };
    assert_eq!(
        (failure.kind(), failure.node()),
        (ErrorKind::TooManyFailures, "items")
    );
    assert!(
        failure.message().contains(
            " of 100 items failed, more than it tolerates, the first: node `items/even`, item 1 of"
        ),
        "{failure}"
    );
    assert!(probe.count("item") < 30, "{}", probe.count("item"));
}

workflow! {
    pub TolerantOfSome(probe: Probe, every: u32) -> usize {
        #[node(tolerate = 2)]
        items = for n in 0..6_u32 { even(&probe, n, every) };
        items.iter().flatten().count()
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_of_items_may_be_tolerated() {
    assert_eq!(TolerantOfSome::run(Probe::new(), 3).await.unwrap(), 4);
    let error = TolerantOfSome::run(Probe::new(), 2).await.unwrap_err();
    assert!(
        error.failures()[0]
            .message()
            .starts_with("3 of 6 items failed"),
        "{error}"
    );
}

// ---- limits of the whole run, and stopping

workflow! {
    #[workflow(concurrency = 3)]
    pub Narrow(probe: Probe) -> usize {
        items = for n in 0..20_u32 { doubled(&probe, n) };
        takes(&probe, "beside", 1);
        takes(&probe, "beside too", 1);
        items.len()
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_may_limit_what_is_under_way_in_a_run() -> Result<(), RunError> {
    let probe = Probe::new();
    assert_eq!(Narrow::run(probe.clone()).await?, 20);
    assert_eq!(probe.most(), 3);
    Ok(())
}

workflow! {
    pub Endless(probe: Probe) -> usize {
        #[node(concurrency = 3)]
        items = for _ in 0..50_u32 {
            inner = for _ in 0..2_u32 { hangs(&probe, "cell") };
            inner.len()
        };
        items.len()
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_fan_out_drops_its_items_and_starts_no_other()
-> Result<(), Box<dyn std::error::Error>> {
    let probe = Probe::new();
    let orch = Orchestrator::builder().build().await?;
    let run = orch.start(Endless, probe.clone()).await?;
    tokio::time::sleep(secs(1)).await;
    run.cancel("enough");
    let error = run.result().await.unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    assert_eq!(probe.count("cell starts"), 6);
    assert_eq!(probe.times("cell dropped"), [secs(1); 6]);
    assert_eq!(probe.holders(), 1, "nothing of the run is left");
    Ok(())
}
