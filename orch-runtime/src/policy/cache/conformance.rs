//! The checks that every store of results passes: what a cache promises, kept there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orch_core::policy::CachePolicy;
use tokio::sync::Notify;
use tokio::time::{advance, sleep};

use super::{Behind, Cache, CacheStore, Cached, Computed};
use crate::durability::Clock;

const SECOND: Duration = Duration::from_secs(1);
const LASTING: CachePolicy = CachePolicy {
    ttl: None,
    tags: &[],
};

fn with(ttl: Option<Duration>, tags: &'static [&'static str]) -> CachePolicy {
    CachePolicy { ttl, tags }
}

/// Puts a store of results to every check; `make` makes an empty one.
///
/// # Panics
/// If a check fails.
pub fn conformance<S: CacheStore>(make: impl Fn() -> S) {
    all(|| {
        let began = Clock::of_runtime(1_767_225_600_000);
        Cache::default().before(Behind::new(Arc::new(make()), began, true))
    });
    survives(&make);
}

/// Puts a cache to every check; `make` makes an empty one, inside a runtime whose time is paused.
pub(super) fn all(make: impl Fn() -> Cache) {
    crate::testing::paused(async {
        results_are_fresh_for_their_time(&make()).await;
        the_shorter_time_holds(&make()).await;
        keys_are_told_apart(&make()).await;
        invalidated_by_key_and_tag_and_all_at_once(&make()).await;
        many_at_once_compute_once(&make()).await;
        errors_are_not_kept(&make()).await;
        what_is_invalidated_meanwhile_is_not_kept(&make()).await;
        what_is_cancelled_is_not_kept(&make()).await;
        every_value_comes_back(&make()).await;
        the_last_good_value_is_kept_for_longer(&make()).await;
    })
    .unwrap_or_else(|error| panic!("there is no runtime: {error}"));
}

fn computed(value: u32) -> Computed {
    Computed {
        value: Arc::new(value),
        json: Some(value.to_string()),
        stale_for: Some(SECOND * 30),
    }
}

fn number(cached: &Cached) -> u32 {
    cached
        .get()
        .unwrap_or_else(|| panic!("not a number: {cached:?}"))
}

async fn fetch(cache: &Cache, key: &str, policy: CachePolicy, value: u32) -> Cached {
    let compute = async { Ok::<_, ()>(computed(value)) };
    let origin = format!("run-{value}");
    let got = cache.get_or_compute(key, policy, &origin, compute).await;
    got.unwrap_or_else(|()| panic!("what is computed does not fail"))
}

async fn results_are_fresh_for_their_time(cache: &Cache) {
    let policy = with(Some(SECOND * 10), &[]);
    let first = fetch(cache, "k", policy, 1).await;
    assert!(!first.provenance.hit);
    advance(SECOND * 9).await;
    let second = fetch(cache, "k", policy, 2).await;
    assert_eq!((number(&second), second.provenance.hit), (1, true));
    assert_eq!(second.provenance.origin, "run-1");
    assert_eq!(second.provenance.age, SECOND * 9);
    advance(SECOND).await;
    assert_eq!(number(&fetch(cache, "k", policy, 3).await), 3, "no longer");
    assert_eq!(number(&fetch(cache, "k", policy, 4).await), 3, "anew");
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.coalesced), (2, 2, 0));
    fetch(cache, "forever", LASTING, 5).await;
    advance(SECOND * 86_400 * 365).await;
    assert_eq!(number(&fetch(cache, "forever", LASTING, 6).await), 5);
}

async fn the_shorter_time_holds(cache: &Cache) {
    fetch(cache, "k", with(Some(SECOND * 100), &[]), 1).await;
    advance(SECOND * 10).await;
    let short = with(Some(SECOND * 5), &[]);
    assert_eq!(
        number(&fetch(cache, "k", short, 2).await),
        2,
        "the reader's"
    );
    advance(SECOND * 6).await;
    assert_eq!(number(&fetch(cache, "k", LASTING, 3).await), 3, "its own");
}

async fn keys_are_told_apart(cache: &Cache) {
    let keys = ["", "a", "A", "ä", "a b", "a\0b", "%", "'; --", "🦀"];
    for (value, key) in (0..).zip(keys) {
        fetch(cache, key, LASTING, value).await;
    }
    for (value, key) in (0..).zip(keys) {
        assert_eq!(
            number(&fetch(cache, key, LASTING, 99).await),
            value,
            "{key:?}"
        );
    }
}

async fn invalidated_by_key_and_tag_and_all_at_once(cache: &Cache) {
    let ten = Some(SECOND * 10);
    fetch(cache, "a", with(None, &["x"]), 1).await;
    fetch(cache, "b", with(None, &["x", "y"]), 1).await;
    fetch(cache, "c", with(ten, &["y"]), 1).await;
    fetch(cache, "d", with(None, &[]), 1).await;
    assert_eq!(cache.invalidate_tag("x").await, 2);
    assert_eq!(cache.invalidate_tag("x").await, 0);
    assert_eq!(number(&fetch(cache, "b", LASTING, 2).await), 2);
    assert_eq!(number(&fetch(cache, "c", LASTING, 2).await), 1);
    assert!(cache.invalidate("d").await);
    assert!(!cache.invalidate("d").await);
    advance(SECOND * 10).await;
    assert_eq!(cache.invalidate_tag("y").await, 0, "it was no longer fresh");
    cache.clear().await;
    assert_eq!(number(&fetch(cache, "b", LASTING, 3).await), 3);
}

async fn many_at_once_compute_once(cache: &Cache) {
    let computations = AtomicU32::new(0);
    let caller = || async {
        let compute = async {
            sleep(SECOND).await;
            Ok::<_, ()>(computed(computations.fetch_add(1, Ordering::SeqCst)))
        };
        cache.get_or_compute("k", LASTING, "run", compute).await
    };
    let (a, b, c) = tokio::join!(caller(), caller(), caller());
    for cached in [a, b, c].into_iter().flatten() {
        assert_eq!(number(&cached), 0);
    }
    assert_eq!(computations.into_inner(), 1);
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.coalesced), (0, 1, 2));
}

async fn errors_are_not_kept(cache: &Cache) {
    let failing = async { Err::<Computed, _>("down") };
    let failed = cache.get_or_compute("k", LASTING, "run", failing).await;
    assert_eq!(failed.err(), Some("down"));
    assert_eq!(number(&fetch(cache, "k", LASTING, 2).await), 2);
}

async fn what_is_invalidated_meanwhile_is_not_kept(cache: &Cache) {
    let going_on = Notify::new();
    let old = cache.get_or_compute("k", with(None, &["t"]), "run", async {
        going_on.notified().await;
        Ok::<_, ()>(computed(1))
    });
    let invalidate = async {
        cache.invalidate_tag("t").await;
        going_on.notify_one();
    };
    let (old, ()) = tokio::join!(old, invalidate);
    assert_eq!(old.ok().as_ref().map(number), Some(1));
    assert_eq!(number(&fetch(cache, "k", LASTING, 2).await), 2);
}

async fn what_is_cancelled_is_not_kept(cache: &Cache) {
    let never = cache.get_or_compute("k", LASTING, "run", async {
        sleep(SECOND * 60).await;
        Ok::<_, ()>(computed(1))
    });
    assert!(tokio::time::timeout(SECOND, never).await.is_err());
    assert_eq!(number(&fetch(cache, "k", LASTING, 2).await), 2);
}

async fn every_value_comes_back(cache: &Cache) {
    let long = "x".repeat(1 << 20);
    for text in ["", "null", "\"quoted\"", "line\nbreak\u{0}", "ä🦀", &long] {
        let value = || Computed {
            value: Arc::new(text.to_owned()),
            json: Some(serde_json::Value::from(text).to_string()),
            stale_for: None,
        };
        for _ in 0..2 {
            let compute = async { Ok::<_, ()>(value()) };
            let got = cache.get_or_compute(text, LASTING, "run", compute).await;
            let found = got.ok().and_then(|cached| cached.get::<String>());
            assert!(found.as_deref() == Some(text), "{:.20}", text);
        }
    }
}

async fn the_last_good_value_is_kept_for_longer(cache: &Cache) {
    let policy = with(Some(SECOND * 10), &["t"]);
    assert!(cache.last_good("k", SECOND).await.is_none());
    fetch(cache, "k", policy, 1).await;
    advance(SECOND * 29).await;
    // What goes on meanwhile does not take it away.
    fetch(cache, "other", policy, 2).await;
    let stale = cache.last_good("k", SECOND * 29).await;
    let stale = stale.unwrap_or_else(|| panic!("it is kept for 30 s"));
    assert_eq!((number(&stale), stale.provenance.age), (1, SECOND * 29));
    assert_eq!(stale.provenance.origin, "run-1");
    assert!(cache.last_good("k", SECOND * 28).await.is_none(), "too old");
    cache.invalidate_tag("t").await;
    assert!(cache.last_good("k", SECOND * 60).await.is_none());
}

/// What a cache of a process that is gone has kept, the next one finds.
fn survives<S: CacheStore>(make: &impl Fn() -> S) {
    let store: Arc<dyn CacheStore> = Arc::new(make());
    let process = |at, value| {
        let store = Arc::clone(&store);
        let found = crate::testing::paused(async move {
            let behind = Behind::new(store, Clock::of_runtime(at), true);
            let cache = Cache::default().before(behind);
            number(&fetch(&cache, "k", with(Some(SECOND * 60), &[]), value).await)
        });
        found.unwrap_or_else(|error| panic!("there is no runtime: {error}"))
    };
    let began = 1_767_225_600_000;
    assert_eq!(process(began, 1), 1);
    assert_eq!(process(began + 59_999, 2), 1, "it is found");
    assert_eq!(
        process(began - 3_600_000, 3),
        3,
        "not after a clock was set back"
    );
    assert_eq!(
        process(began - 3_600_000 + 60_000, 4),
        4,
        "nor when it expired"
    );
}
