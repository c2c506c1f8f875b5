use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use orch_core::policy::RateLimit;
use proptest::prelude::*;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, advance};

use super::{Impossible, RateLimiter};

const SECOND: Duration = Duration::from_secs(1);

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn limiter(permits: u32, burst: u32) -> Arc<RateLimiter> {
    let policy = RateLimit {
        permits,
        period: SECOND,
        burst,
        name: None,
    };
    Arc::new(RateLimiter::new("reserve", policy))
}

/// When each of so many callers, who all come at once, starts; in the order in which they came.
async fn starts(limiter: &Arc<RateLimiter>, callers: usize) -> Vec<Duration> {
    let began = Instant::now();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let (limiter, order) = (limiter.clone(), order.clone());
        tasks.spawn(async move {
            let waited = limiter.acquire(None, 1).await.unwrap();
            assert_eq!(waited, began.elapsed());
            order.lock().unwrap().push((caller, waited));
        });
    }
    tasks.join_all().await;
    let order = order.lock().unwrap();
    let came: Vec<_> = order.iter().map(|&(caller, _)| caller).collect();
    assert_eq!(came, (0..callers).collect::<Vec<_>>(), "somebody overtook");
    order.iter().map(|&(_, waited)| waited).collect()
}

/// The most starts in any span of a second, its end excluded.
fn most_in_a_second(starts: &[Duration]) -> usize {
    let span = |(first, &start): (usize, &Duration)| {
        starts.partition_point(|&at| at < start + SECOND) - first
    };
    starts.iter().enumerate().map(span).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn fifty_a_second_are_never_more() {
    let starts = starts(&limiter(50, 1), 500).await;
    assert_eq!(most_in_a_second(&starts), 50);
    let expected: Vec<_> = (0..500).map(|nth| ms(20 * nth)).collect();
    assert_eq!(starts, expected);
}

#[tokio::test(start_paused = true)]
async fn odd_and_high_rates_are_kept_and_reached() {
    for permits in [1, 3, 7, 30, 99, 101, 333, 1000, 3000, 20_000] {
        let callers = permits as usize * 2 + 1;
        let starts = starts(&limiter(permits, 1), callers).await;
        let most = most_in_a_second(&starts);
        assert!(most <= permits as usize, "{permits}/s let {most} through");
        // Strict spacing may lose up to a tick of the timer to each start.
        let lost = if permits < 100 { callers as u64 } else { 2 };
        let took = *starts.last().unwrap();
        assert!(took <= SECOND * 2 + ms(lost), "{permits}/s took {took:?}");
        assert!(took >= SECOND * 2, "{permits}/s took {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_gives_nothing_in_advance() {
    let limiter = limiter(1000, 1);
    advance(SECOND).await;
    let starts = starts(&limiter, 1001).await;
    assert_eq!(starts[..3], [0, 1, 2].map(ms));
    assert_eq!(most_in_a_second(&starts), 1000);
}

#[tokio::test(start_paused = true)]
async fn three_a_second_are_not_four_by_a_nanosecond() {
    let limiter = limiter(3, 1);
    limiter.acquire(None, 1).await.unwrap();
    advance(SECOND / 3).await;
    assert_eq!(SECOND / 3 * 3, SECOND - Duration::from_nanos(1));
    assert!(limiter.acquire(None, 1).await.unwrap() > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_burst_starts_at_once_and_the_rest_at_the_rate() {
    let starts = starts(&limiter(10, 5), 8).await;
    assert_eq!(starts, [0, 0, 0, 0, 0, 100, 200, 300].map(ms));
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_there_again_after_a_pause() {
    let limiter = limiter(10, 5);
    starts(&limiter, 5).await;
    advance(ms(300)).await;
    assert_eq!(starts(&limiter, 4).await, [0, 0, 0, 100].map(ms));
}

#[tokio::test(start_paused = true)]
async fn weight_uses_as_much_at_once() -> Result<(), Impossible> {
    let tokens = limiter(1000, 1000);
    assert_eq!(tokens.acquire(None, 600).await?, Duration::ZERO);
    assert_eq!(tokens.acquire(None, 600).await?, ms(200));
    assert_eq!(tokens.acquire(None, 1000).await?, SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_light_one_does_not_overtake_a_heavy_one() {
    let tokens = limiter(100, 100);
    tokens.acquire(None, 100).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for weight in [90, 1, 50, 1] {
        let (tokens, order) = (tokens.clone(), order.clone());
        tasks.spawn(async move {
            let waited = tokens.acquire(None, weight).await.unwrap();
            order.lock().unwrap().push((weight, waited));
        });
    }
    tasks.join_all().await;
    let expected = [(90, ms(900)), (1, ms(910)), (50, ms(1410)), (1, ms(1420))];
    assert_eq!(*order.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_weight_of_zero_passes_freely() {
    let limiter = limiter(1, 1);
    limiter.acquire(None, 1).await.unwrap();
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(None, 1).await }
    });
    yield_now().await;
    for _ in 0..100 {
        assert_eq!(limiter.acquire(None, 0).await, Ok(Duration::ZERO));
    }
    assert_eq!(waiting.await.unwrap(), Ok(SECOND));
}

#[tokio::test(start_paused = true)]
async fn more_than_the_burst_is_refused_at_once() {
    let limiter = limiter(100, 10);
    let impossible = limiter.acquire(None, 11).await.unwrap_err();
    assert_eq!((impossible.weight, impossible.burst), (11, 10));
    assert_eq!(
        impossible.to_string(),
        "a weight of 11 never fits a burst of 10"
    );
    assert_eq!(impossible.code(), "rate_limit_impossible");
    assert_eq!(limiter.acquire(None, 10).await, Ok(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn keys_are_independent() {
    let limiter = limiter(1, 1);
    for key in [None, Some("a"), Some("b"), Some("")] {
        assert_eq!(limiter.acquire(key, 1).await, Ok(Duration::ZERO), "{key:?}");
    }
    assert_eq!(limiter.keys(), 3);
    let (a, b) = tokio::join!(limiter.acquire(Some("a"), 1), limiter.acquire(Some("b"), 1));
    assert_eq!((a, b), (Ok(SECOND), Ok(SECOND)));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_waiter_uses_nothing_and_gives_its_place_back() {
    let limiter = limiter(1, 1);
    limiter.acquire(None, 1).await.unwrap();
    let spawn = || {
        let limiter = limiter.clone();
        tokio::spawn(async move { limiter.acquire(None, 1).await })
    };
    let (head, second, third) = (spawn(), spawn(), spawn());
    yield_now().await;
    advance(ms(500)).await;
    head.abort();
    second.abort();
    assert_eq!(third.await.unwrap(), Ok(SECOND));
}

#[tokio::test(start_paused = true)]
async fn keys_that_make_no_difference_are_forgotten() {
    let limiter = limiter(10, 2);
    for key in 0..10_000 {
        limiter.acquire(Some(&key.to_string()), 1).await.unwrap();
        advance(ms(10)).await;
        assert!(limiter.keys() <= 128);
    }
    let key = Some("remembered");
    limiter.acquire(key, 2).await.unwrap();
    for other in 0..200 {
        limiter
            .acquire(Some(&format!("other {other}")), 1)
            .await
            .unwrap();
    }
    assert_eq!(limiter.acquire(key, 1).await, Ok(ms(100)));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_waited_for_is_not_forgotten() {
    let limiter = limiter(1, 1);
    let busy = Some("busy");
    limiter.acquire(busy, 1).await.unwrap();
    let mut slow = pin!(limiter.acquire(busy, 1));
    assert!(poll_once(slow.as_mut()).is_pending());
    advance(SECOND * 10).await;
    for other in 0..200 {
        limiter.acquire(Some(&other.to_string()), 1).await.unwrap();
    }
    let mut newcomer = pin!(limiter.acquire(busy, 1));
    assert!(
        poll_once(newcomer.as_mut()).is_pending(),
        "overtook the one who was not awake yet"
    );
    assert_eq!(slow.await, Ok(SECOND * 10));
    assert_eq!(newcomer.await, Ok(SECOND));
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn impossible_settings_count_as_the_nearest_possible_ones() {
    let made = |permits, period, burst| {
        let policy = RateLimit {
            permits,
            period,
            burst,
            name: None,
        };
        RateLimiter::new("odd", policy)
    };
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    let none = made(0, SECOND, 0);
    assert_eq!(none.acquire(None, 1).await, Ok(Duration::ZERO));
    assert_eq!(none.acquire(None, 1).await, Ok(SECOND));
    let instant = made(1, Duration::ZERO, 1);
    for _ in 0..10 {
        assert!(instant.acquire(None, 1).await.unwrap() <= ms(1));
    }
    for burst in [1, 100, u32::MAX] {
        let endless = made(1, Duration::MAX, burst);
        assert_eq!(endless.acquire(None, burst).await, Ok(Duration::ZERO));
        let next = tokio::time::timeout(year / 2, endless.acquire(None, burst)).await;
        assert!(next.is_err(), "burst {burst}");
    }
    let dense = made(u32::MAX, SECOND, u32::MAX);
    assert_eq!(dense.acquire(None, u32::MAX).await, Ok(Duration::ZERO));
}

/// A bucket that holds `burst` permits and gains one after each interval in which it is not full.
fn bucket(interval: u64, burst: u32, arrivals: &[(u64, u32)]) -> Vec<u64> {
    let (mut now, mut full_at) = (0, 0);
    let mut waits = Vec::new();
    for &(pause, weight) in arrivals {
        now += pause;
        let room = (u64::from(burst) - u64::from(weight)) * interval;
        let start = now.max(full_at.max(now).saturating_sub(room));
        full_at = full_at.max(start) + u64::from(weight) * interval;
        waits.push(start - now);
        now = start;
    }
    waits
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]
    #[test]
    fn waits_as_long_as_a_bucket_takes_to_fill(
        interval in 10u64..500, burst in 1u32..20,
        arrivals in prop::collection::vec((0u64..2000, 0.0f64..1.0), 1..40),
    ) {
        let weight = |share: f64| 1 + (share * f64::from(burst)) as u32;
        let arrivals: Vec<_> = arrivals
            .into_iter()
            .map(|(pause, share)| (pause, weight(share).min(burst)))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let waits = runtime.block_on(async {
            let policy = RateLimit { permits: 1, period: ms(interval), burst, name: None };
            let limiter = RateLimiter::new("bucket", policy);
            let mut waits = Vec::new();
            for &(pause, weight) in &arrivals {
                advance(ms(pause)).await;
                waits.push(limiter.acquire(None, weight).await.unwrap().as_millis() as u64);
            }
            waits
        });
        prop_assert_eq!(waits, bucket(interval, burst, &arrivals));
    }
}
