use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Elapsed, within};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn gives_the_value_of_what_is_in_time() {
    let slow = async {
        sleep(Duration::from_millis(999)).await;
        "done"
    };
    assert_eq!(within(Some(SECOND), slow).await, Ok("done"));
}

#[tokio::test(start_paused = true)]
async fn ends_exactly_at_the_limit_and_drops_the_future() {
    let held = Arc::new(());
    let holder = Arc::clone(&held);
    let began = Instant::now();
    let stuck = async move {
        let _held = holder;
        pending::<()>().await;
    };
    assert_eq!(
        within(Some(SECOND), stuck).await,
        Err(Elapsed { limit: SECOND })
    );
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test(start_paused = true)]
async fn no_limit_waits_for_as_long_as_it_takes() {
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    assert_eq!(within(None, async { sleep(year).await }).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_zero_limit_still_lets_what_is_ready_through() {
    assert_eq!(within(Some(Duration::ZERO), async { 1 }).await, Ok(1));
    assert!(within(Some(Duration::ZERO), pending::<()>()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_longest_limit_does_not_overflow() {
    assert_eq!(within(Some(Duration::MAX), async { 1 }).await, Ok(1));
}

#[test]
fn says_the_limit() {
    let elapsed = Elapsed { limit: SECOND };
    assert_eq!(elapsed.to_string(), "no result within 1s");
    assert_eq!(elapsed.code(), "timeout");
}

#[tokio::test]
async fn ends_what_never_lets_others_run() {
    let busy = async {
        loop {
            tokio::task::consume_budget().await;
        }
    };
    let limit = Duration::from_millis(1);
    let elapsed: Result<(), _> = within(Some(limit), busy).await;
    assert_eq!(elapsed, Err(Elapsed { limit }));
}

#[test]
fn needs_no_timer_for_what_is_ready_at_once() {
    use std::task::{Context, Poll, Waker};
    let mut future = std::pin::pin!(within(Some(SECOND), async { 1 }));
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(Ok(1)));
}

#[test]
fn needs_no_runtime_without_a_limit() {
    use std::task::{Context, Poll, Waker};
    let mut future = std::pin::pin!(within(None, async { 1 }));
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(Ok(1)));
}
