use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use orch_core::policy::Concurrency;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::Limiter;

fn limiter(max: u32) -> Arc<Limiter> {
    Arc::new(Limiter::new("pack", Concurrency { max, name: None }))
}

#[tokio::test(start_paused = true)]
async fn never_more_than_the_maximum_are_under_way() {
    let limiter = limiter(4);
    let under_way = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (limiter, under_way, most) = (limiter.clone(), under_way.clone(), most.clone());
            tokio::spawn(async move {
                let _permit = limiter.acquire().await;
                most.fetch_max(
                    under_way.fetch_add(1, Ordering::SeqCst) + 1,
                    Ordering::SeqCst,
                );
                sleep(Duration::from_millis(10)).await;
                under_way.fetch_sub(1, Ordering::SeqCst);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 4);
    assert_eq!((limiter.in_use(), limiter.waiting()), (0, 0));
}

#[tokio::test]
async fn first_come_first_served() {
    let limiter = limiter(1);
    let first = limiter.acquire().await;
    let (sender, mut order) = mpsc::unbounded_channel();
    for caller in 0..10 {
        let (limiter, sender) = (limiter.clone(), sender.clone());
        tokio::spawn(async move {
            let _permit = limiter.acquire().await;
            sender.send(caller).unwrap();
        });
        yield_now().await;
    }
    drop(sender);
    assert_eq!((limiter.in_use(), limiter.waiting()), (1, 10));
    drop(first);
    assert!(
        limiter.try_acquire().is_none(),
        "a late comer took the permit of the one who waits"
    );
    for caller in 0..10 {
        assert_eq!(order.recv().await, Some(caller));
    }
    assert_eq!(order.recv().await, None);
}

#[tokio::test]
async fn a_cancelled_waiter_gives_its_place_back() {
    let limiter = limiter(1);
    let first = limiter.acquire().await;
    let mut second = Box::pin(limiter.acquire());
    let mut third = Box::pin(limiter.acquire());
    assert!(poll_once(&mut second).is_none());
    assert!(poll_once(&mut third).is_none());
    assert_eq!(limiter.waiting(), 2);

    drop(second);
    assert_eq!(limiter.waiting(), 1);
    drop(first);
    let permit = poll_once(&mut third).expect("the third is next");
    assert_eq!((limiter.in_use(), limiter.waiting()), (1, 0));
    drop(permit);
    assert_eq!(limiter.in_use(), 0);
}

#[tokio::test]
async fn a_permit_given_to_a_waiter_that_is_cancelled_is_not_lost() {
    let limiter = limiter(1);
    let first = limiter.acquire().await;
    let mut second = Box::pin(limiter.acquire());
    assert!(poll_once(&mut second).is_none());
    drop(first);
    drop(second);
    assert!(limiter.try_acquire().is_some());
}

#[tokio::test]
async fn a_maximum_of_zero_counts_as_one() {
    let limiter = limiter(0);
    let _permit = limiter.acquire().await;
    assert!(limiter.try_acquire().is_none());
}

#[test]
fn the_largest_maximum_is_fine() {
    let limiter = limiter(u32::MAX);
    let _permit = limiter.try_acquire().unwrap();
    assert_eq!(limiter.in_use(), 1);
}

#[test]
fn knows_its_name_and_settings() {
    let limiter = limiter(3);
    assert_eq!(limiter.name(), "pack");
    assert_eq!(limiter.policy().max, 3);
}

/// Polls once.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    use std::task::{Context, Poll, Waker};
    match std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
