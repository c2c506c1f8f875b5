use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use orch_core::policy::CachePolicy;
use tokio::sync::{Barrier, Notify, oneshot};
use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio::time::{Instant, advance, sleep};

use super::{BesideRuns, Cache, CacheStats, Cached};
use crate::step::Shared;

const SECOND: Duration = Duration::from_secs(1);
const FOREVER: CachePolicy = CachePolicy {
    ttl: None,
    tags: &[],
};

#[test]
fn memory_conforms() {
    super::conformance::all(Cache::default);
}

#[test]
fn a_store_beside_runs_conforms() {
    super::conformance(|| BesideRuns(Arc::new(crate::store::Memory::new())));
}

#[cfg(feature = "sqlite")]
#[test]
fn a_file_conforms() {
    let directory = tempfile::tempdir().unwrap();
    let files = AtomicUsize::new(0);
    super::conformance(|| {
        let name = format!("{}.db", files.fetch_add(1, Ordering::SeqCst));
        let file = crate::store::Sqlite::options().open_blocking(directory.path().join(name));
        BesideRuns(Arc::new(file.unwrap()))
    });
}

fn lasting(ttl: Duration) -> CachePolicy {
    CachePolicy {
        ttl: Some(ttl),
        ..FOREVER
    }
}

fn shared(number: u32) -> Shared {
    Arc::new(number)
}

fn number(cached: &Cached) -> u32 {
    *cached.value.downcast_ref().unwrap()
}

async fn compute(number: u32) -> Result<Shared, String> {
    Ok(shared(number))
}

/// Fetches the key for `run`, computing `number` if need be, and gives what came of it.
async fn fetch(cache: &Cache, key: &str, policy: CachePolicy, run: &str, computed: u32) -> Cached {
    let got = cache.get_or_compute(key, policy, run, compute(computed));
    got.await.unwrap()
}

fn stats(hits: u64, misses: u64, coalesced: u64) -> CacheStats {
    CacheStats {
        hits,
        misses,
        coalesced,
    }
}

#[tokio::test(start_paused = true)]
async fn says_where_a_value_came_from_and_how_old_it_is() {
    let cache = Cache::default();
    let first = fetch(&cache, "k", FOREVER, "run-1", 1).await;
    advance(SECOND * 5).await;
    let second = fetch(&cache, "k", FOREVER, "run-2", 2).await;
    assert_eq!((number(&first), number(&second)), (1, 1));
    assert!(Arc::ptr_eq(&first.value, &second.value));
    let json = |cached: &Cached| serde_json::to_value(&cached.provenance).unwrap();
    let expected = serde_json::json!({
        "hit": false, "key": "k", "age": {"secs": 0, "nanos": 0}, "origin": "run-1",
        "coalesced": false,
    });
    assert_eq!(json(&first), expected);
    let expected = serde_json::json!({
        "hit": true, "key": "k", "age": {"secs": 5, "nanos": 0}, "origin": "run-1",
        "coalesced": false,
    });
    assert_eq!(json(&second), expected);
    assert_eq!(cache.stats(), stats(1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_at_once_compute_once() {
    let cache = Arc::new(Cache::default());
    let executions = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for run in 0..100 {
        let (cache, executions) = (cache.clone(), executions.clone());
        tasks.spawn(async move {
            let compute = async {
                executions.fetch_add(1, Ordering::SeqCst);
                sleep(SECOND).await;
                Ok::<_, String>(shared(7))
            };
            let run = format!("run-{run}");
            cache.get_or_compute("k", FOREVER, &run, compute).await
        });
    }
    let results = tasks.join_all().await;
    assert_eq!(executions.load(Ordering::SeqCst), 1);
    let results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    assert!(results.iter().all(|cached| number(cached) == 7));
    let (waited, computed): (Vec<_>, Vec<_>) = results
        .into_iter()
        .map(|cached| cached.provenance)
        .partition(|provenance| provenance.coalesced);
    assert_eq!((waited.len(), computed.len()), (99, 1));
    assert!(!computed[0].hit);
    assert!(
        waited
            .iter()
            .all(|each| each.hit && each.origin == computed[0].origin)
    );
    assert_eq!(cache.stats(), stats(0, 1, 99));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_on_many_threads_compute_once() {
    for _ in 0..50 {
        let cache = Arc::new(Cache::default());
        let executions = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Barrier::new(16));
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let (cache, executions, gate) = (cache.clone(), executions.clone(), gate.clone());
            tasks.spawn(async move {
                gate.wait().await;
                let compute = async {
                    executions.fetch_add(1, Ordering::SeqCst);
                    yield_now().await;
                    Ok::<_, String>(shared(7))
                };
                cache.get_or_compute("k", FOREVER, "run", compute).await
            });
        }
        assert!(tasks.join_all().await.iter().all(Result::is_ok));
        assert_eq!(executions.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn keys_do_not_wait_for_each_other() {
    let cache = Cache::default();
    let began = Instant::now();
    let slow = |key| {
        let compute = async {
            sleep(SECOND).await;
            compute(1).await
        };
        cache.get_or_compute(key, FOREVER, "run", compute)
    };
    let (a, b) = tokio::join!(slow("a"), slow("b"));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(began.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_fresh_until_its_time_to_live_has_passed() {
    let cache = Cache::default();
    let policy = lasting(SECOND * 600);
    fetch(&cache, "k", policy, "run-1", 1).await;
    advance(SECOND * 600 - Duration::from_nanos(1)).await;
    assert!(cache.peek("k").is_some());
    assert!(fetch(&cache, "k", policy, "run-2", 2).await.provenance.hit);
    advance(Duration::from_nanos(1)).await;
    assert!(cache.peek("k").is_none());
    let renewed = fetch(&cache, "k", policy, "run-3", 3).await;
    assert!(!renewed.provenance.hit);
    assert_eq!(number(&renewed), 3);
}

#[tokio::test(start_paused = true)]
async fn never_means_never() {
    let cache = Cache::default();
    fetch(&cache, "k", FOREVER, "run-1", 1).await;
    advance(SECOND * 60 * 60 * 24 * 365).await;
    assert!(fetch(&cache, "k", FOREVER, "run-2", 2).await.provenance.hit);
}

#[tokio::test(start_paused = true)]
async fn the_shorter_time_to_live_holds() {
    let cache = Cache::default();
    fetch(&cache, "k", FOREVER, "run-1", 1).await;
    advance(SECOND * 10).await;
    let strict = fetch(&cache, "k", lasting(SECOND * 5), "run-2", 2).await;
    assert_eq!(number(&strict), 2, "too old for this use of the step");
    advance(SECOND * 5).await;
    let lax = fetch(&cache, "k", FOREVER, "run-3", 3).await;
    assert_eq!(number(&lax), 3, "kept for five seconds only");
}

#[tokio::test(start_paused = true)]
async fn a_time_to_live_of_zero_only_shares_what_is_under_way() {
    let cache = Cache::default();
    let slow = |number| async move {
        sleep(SECOND).await;
        compute(number).await
    };
    let get = |number| cache.get_or_compute("k", lasting(Duration::ZERO), "run", slow(number));
    let (a, b) = tokio::join!(get(1), get(2));
    assert_eq!((number(&a.unwrap()), number(&b.unwrap())), (1, 1));
    assert_eq!(number(&get(3).await.unwrap()), 3);
}

/// Lets the others run until so many computations have begun.
async fn reach(began: &AtomicUsize, count: usize) {
    for _ in 0..100 {
        if began.load(Ordering::SeqCst) == count {
            return;
        }
        yield_now().await;
    }
    panic!(
        "{} of {count} computations began",
        began.load(Ordering::SeqCst)
    );
}

type Running = JoinHandle<Result<Cached, String>>;

/// A caller in a task of its own, whose computation ends as it is told.
fn caller(
    cache: &Arc<Cache>,
    began: &Arc<AtomicUsize>,
) -> (Running, oneshot::Sender<Result<u32, String>>) {
    let (end, told) = oneshot::channel::<Result<u32, String>>();
    let (cache, began) = (cache.clone(), began.clone());
    let task = tokio::spawn(async move {
        let compute = async {
            began.fetch_add(1, Ordering::SeqCst);
            told.await.unwrap().map(shared)
        };
        cache.get_or_compute("k", FOREVER, "run", compute).await
    });
    (task, end)
}

#[tokio::test]
async fn when_the_leader_fails_each_waiter_computes_for_itself_at_once() {
    let cache = Arc::new(Cache::default());
    let began = Arc::new(AtomicUsize::new(0));
    let (leader, end_leader) = caller(&cache, &began);
    yield_now().await;
    let waiters: Vec<_> = (0..3).map(|_| caller(&cache, &began)).collect();
    yield_now().await;
    assert_eq!(began.load(Ordering::SeqCst), 1);

    end_leader.send(Err("down".to_owned())).unwrap();
    assert_eq!(leader.await.unwrap().unwrap_err(), "down");
    reach(&began, 4).await;
    let ends = [Err("still down".to_owned()), Ok(2), Ok(3)];
    for ((waiter, end), result) in waiters.into_iter().zip(ends) {
        end.send(result.clone()).unwrap();
        let got = waiter.await.unwrap();
        assert_eq!(got.as_ref().map(number).map_err(String::clone), result);
    }
    assert!(cache.peek("k").is_some());
    assert_eq!(cache.stats(), stats(0, 4, 0));
}

#[tokio::test]
async fn when_the_leader_is_cancelled_one_waiter_takes_over() {
    let cache = Arc::new(Cache::default());
    let began = Arc::new(AtomicUsize::new(0));
    let (leader, _end) = caller(&cache, &began);
    yield_now().await;
    let (mut waiters, ends): (Vec<_>, Vec<_>) = (0..3).map(|_| caller(&cache, &began)).unzip();
    yield_now().await;

    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    reach(&began, 2).await;
    for end in ends {
        // Only the one who took over listens.
        let _ = end.send(Ok(5));
    }
    for waiter in waiters.drain(..) {
        assert_eq!(number(&waiter.await.unwrap().unwrap()), 5);
    }
    assert_eq!(began.load(Ordering::SeqCst), 2);
    assert_eq!(cache.stats(), stats(0, 2, 2));
}

#[tokio::test]
async fn when_the_leader_panics_the_waiters_compute_for_themselves() {
    let cache = Arc::new(Cache::default());
    let began = Arc::new(AtomicUsize::new(0));
    let (leader, end) = caller(&cache, &began);
    yield_now().await;
    let waiters: Vec<_> = (1..=2).map(|_| caller(&cache, &began)).collect();
    yield_now().await;
    drop(end); // its `unwrap` panics
    assert!(leader.await.unwrap_err().is_panic());
    reach(&began, 3).await;
    for (own, (waiter, end)) in (1..).zip(waiters) {
        end.send(Ok(own)).unwrap();
        assert_eq!(number(&waiter.await.unwrap().unwrap()), own);
    }
}

#[tokio::test]
async fn a_cancelled_waiter_disturbs_nobody() {
    let cache = Arc::new(Cache::default());
    let began = Arc::new(AtomicUsize::new(0));
    let (leader, end) = caller(&cache, &began);
    yield_now().await;
    let (waiter, _never) = caller(&cache, &began);
    yield_now().await;
    waiter.abort();
    end.send(Ok(4)).unwrap();
    assert_eq!(number(&leader.await.unwrap().unwrap()), 4);
    assert_eq!(cache.get::<u32>("k"), Some(4));
}

#[tokio::test]
async fn nothing_is_left_of_a_computation_that_failed_or_was_cancelled() {
    let cache = Cache::default();
    let failed = cache.get_or_compute("k", FOREVER, "run", async { Err::<Shared, _>("down") });
    assert_eq!(failed.await.unwrap_err(), "down");
    {
        let stuck = cache.get_or_compute("k", FOREVER, "run", pending::<Result<Shared, ()>>());
        let mut stuck = std::pin::pin!(stuck);
        let waker = std::task::Waker::noop();
        assert!(
            stuck
                .as_mut()
                .poll(&mut std::task::Context::from_waker(waker))
                .is_pending()
        );
    }
    assert_eq!(number(&fetch(&cache, "k", FOREVER, "run", 3).await), 3);
    assert_eq!(cache.len(), 1);
}

#[tokio::test]
async fn what_is_invalidated_while_it_is_computed_is_not_kept() {
    let tagged = CachePolicy {
        tags: &["rates"],
        ..FOREVER
    };
    for way in ["by key", "by tag", "all", "replaced"] {
        let cache = Cache::default();
        let going_on = Notify::new();
        let old = cache.get_or_compute("k", tagged, "run-1", async {
            going_on.notified().await;
            compute(1).await
        });
        let new = async {
            match way {
                "by key" => assert!(!cache.invalidate("k").await),
                "by tag" => assert_eq!(cache.invalidate_tag("rates").await, 0),
                "all" => cache.clear().await,
                _ => cache.insert("k", shared(9), None, &[], "run-9"),
            }
            let new = fetch(&cache, "k", tagged, "run-2", 2).await;
            going_on.notify_one();
            new
        };
        let (old, new) = tokio::join!(old, new);
        assert_eq!(number(&old.unwrap()), 1, "{way}");
        let expected = if way == "replaced" { 9 } else { 2 };
        assert_eq!(
            number(&new),
            expected,
            "{way}: nobody joins an outdated computation"
        );
        assert_eq!(cache.get::<u32>("k"), Some(expected), "{way}");
    }
}

#[tokio::test]
async fn an_outdated_computation_does_not_end_the_one_that_replaced_it() {
    let cache = Arc::new(Cache::default());
    let began = Arc::new(AtomicUsize::new(0));
    let (outdated, end_outdated) = caller(&cache, &began);
    reach(&began, 1).await;
    cache.invalidate("k").await;
    let (renewed, end_renewed) = caller(&cache, &began);
    reach(&began, 2).await;
    end_outdated.send(Ok(1)).unwrap();
    assert_eq!(number(&outdated.await.unwrap().unwrap()), 1);
    assert!(cache.peek("k").is_none());

    let (joined, _unused) = caller(&cache, &began);
    yield_now().await;
    end_renewed.send(Ok(2)).unwrap();
    for caller in [renewed, joined] {
        assert_eq!(number(&caller.await.unwrap().unwrap()), 2);
    }
    assert_eq!(began.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_a_waiter_computes_after_a_failure_is_not_kept_either() {
    let cache = Arc::new(Cache::default());
    let began = Arc::new(AtomicUsize::new(0));
    let (_leader, end_leader) = caller(&cache, &began);
    yield_now().await;
    let (waiter, end_waiter) = caller(&cache, &began);
    yield_now().await;
    end_leader.send(Err("down".to_owned())).unwrap();
    reach(&began, 2).await;
    cache.invalidate("k").await;
    end_waiter.send(Ok(1)).unwrap();
    assert_eq!(number(&waiter.await.unwrap().unwrap()), 1);
    assert!(cache.peek("k").is_none());
}

#[tokio::test]
async fn another_tag_does_not_disturb_what_is_computed() {
    let cache = Cache::default();
    let tagged = CachePolicy {
        tags: &["rates"],
        ..FOREVER
    };
    let compute = async {
        cache.invalidate_tag("other").await;
        compute(1).await
    };
    cache
        .get_or_compute("k", tagged, "run", compute)
        .await
        .unwrap();
    assert_eq!(cache.get::<u32>("k"), Some(1));
}

#[tokio::test]
async fn tags_invalidate_together() {
    let cache = Cache::default();
    let policy = |tags| CachePolicy { ttl: None, tags };
    for (key, tags) in [
        ("a", &["x"] as &[_]),
        ("b", &["x", "y"]),
        ("c", &["y"]),
        ("d", &[]),
    ] {
        fetch(&cache, key, policy(tags), "run", 1).await;
    }
    assert_eq!(cache.invalidate_tag("x").await, 2);
    assert_eq!(cache.invalidate_tag("x").await, 0);
    let kept: Vec<_> = ["a", "b", "c", "d"]
        .into_iter()
        .filter(|key| cache.peek(key).is_some())
        .collect();
    assert_eq!(kept, ["c", "d"]);
    assert!(cache.invalidate("c").await);
    assert!(!cache.invalidate("c").await);
    assert_eq!(cache.len(), 1);
    cache.clear().await;
    assert!(cache.is_empty());
}

#[tokio::test(start_paused = true)]
async fn expired_results_do_not_count_as_invalidated() {
    let cache = Cache::default();
    cache.set("a", 1, Some(SECOND), &["t"]);
    cache.set("b", 2, None, &["t"]);
    cache.set("c", 3, Some(SECOND), &[]);
    advance(SECOND).await;
    assert_eq!(cache.invalidate_tag("t").await, 1);
    assert!(!cache.invalidate("c").await);
    assert!(cache.is_empty());
}

#[tokio::test(start_paused = true)]
async fn step_code_keeps_typed_values() {
    let cache = Cache::default();
    cache.set("greeting", "hello".to_owned(), Some(SECOND), &["words"]);
    assert_eq!(cache.get::<String>("greeting").as_deref(), Some("hello"));
    assert_eq!(cache.get::<u32>("greeting"), None, "of another type");
    cache.set("greeting", "good day".to_owned(), Some(SECOND), &["words"]);
    assert_eq!(cache.get::<String>("greeting").as_deref(), Some("good day"));
    advance(SECOND).await;
    assert_eq!(cache.get::<String>("greeting"), None);
    assert_eq!(cache.stats(), stats(2, 2, 0));
}

#[tokio::test]
async fn an_inserted_value_tells_its_origin() {
    let cache = Cache::default();
    cache.insert("k", shared(1), None, &[], "run-7");
    assert_eq!(cache.peek("k").unwrap().provenance.origin, "run-7");
    assert_eq!(cache.stats(), stats(0, 0, 0), "a look is no use");
}

#[tokio::test]
async fn ten_thousand_keys_fit_and_more_do_not_grow_it() {
    let cache = Cache::default();
    for key in 0..10_000 {
        fetch(&cache, &key.to_string(), FOREVER, "run", key).await;
    }
    assert_eq!(cache.len(), 10_000);
    for key in 0..10_000 {
        assert_eq!(cache.get::<u32>(&key.to_string()), Some(key));
    }
    for key in 10_000..30_000 {
        fetch(&cache, &key.to_string(), FOREVER, "run", key).await;
    }
    assert_eq!(cache.len(), 10_000);
}

#[tokio::test]
async fn a_capacity_of_zero_keeps_nothing_and_still_shares() {
    let cache = Cache::new(0);
    let slow = |number| async move {
        yield_now().await;
        compute(number).await
    };
    let get = |number| cache.get_or_compute("k", FOREVER, "run", slow(number));
    let (a, b) = tokio::join!(get(1), get(2));
    assert_eq!((number(&a.unwrap()), number(&b.unwrap())), (1, 1));
    assert!(cache.is_empty());
}

#[test]
fn debug_shows_its_use() {
    let text = format!("{:?}", Cache::default());
    assert!(text.contains("hits: 0"), "{text}");
}
