//! Panics outside of steps: in what users give the engine to call, to show and to drop.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex};

use orch::prelude::*;
use orch::{RunEventKind, RunStatus};

use crate::probe::settle;

/// Panics when it is dropped, if it is armed.
#[derive(Debug)]
pub struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(self.0 == 0, "a bad drop");
    }
}

#[step]
fn arms(n: u32) -> Bomb {
    Bomb(n)
}

#[step]
async fn looks(bomb: &Bomb) -> u32 {
    tokio::task::yield_now().await;
    bomb.0 + 1
}

#[step]
fn keeps(bomb: Bomb) -> u32 {
    bomb.0
}

workflow! { pub Dropped(n: u32) -> u32 { bomb = arms(n); looks(&bomb) } }
workflow! { pub Kept(n: u32) -> u32 { bomb = arms(n); keeps(bomb) } }

#[tokio::test(start_paused = true)]
async fn a_drop_that_panics_takes_nothing_from_the_result() -> Result<(), Box<dyn Error>> {
    assert_eq!(Dropped::run(1).await?, 2);

    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&told);
    let orch = Orchestrator::builder()
        .on_event(move |event| {
            if let RunEventKind::RunEnded { status, .. } = event.kind {
                keep.lock().unwrap().push(status);
            }
        })
        .build()
        .await?;
    assert_eq!(orch.start(Dropped, 1).await?.result().await?, 2);
    settle().await;
    assert_eq!(*told.lock().unwrap(), [RunStatus::Completed]);
    Ok(())
}

workflow! {
    pub DroppedInside(n: u32) -> u32 {
        items = for i in 0..3_u32 { bomb = arms(n + i); looks(&bomb) };
        arm = if n > 0 { bomb = arms(n); looks(&bomb) } else { looks_at_nothing() };
        items.iter().sum::<u32>() + arm
    }
}

#[step]
fn looks_at_nothing() -> u32 {
    0
}

#[tokio::test(start_paused = true)]
async fn a_drop_that_panics_in_an_item_or_an_arm_takes_nothing_either() -> Result<(), Box<dyn Error>>
{
    assert_eq!(DroppedInside::run(1).await?, 2 + 3 + 4 + 2);
    let orch = Orchestrator::builder().build().await?;
    assert_eq!(
        orch.start(DroppedInside, 1).await?.result().await?,
        2 + 3 + 4 + 2
    );
    Ok(())
}

workflow! {
    pub DroppedInTurn(n: u32) -> u32 {
        items = for i in 0..5_u32 { bomb = arms(n * (i % 2)); bomb.0 + i };
        items.iter().sum()
    }
}

#[tokio::test]
async fn a_drop_that_panics_does_not_keep_the_next_item_from_its_frame()
-> Result<(), Box<dyn Error>> {
    assert_eq!(DroppedInTurn::run(1).await?, 1 + 1 + (1 + 2 + 3 + 4));
    Ok(())
}

#[tokio::test]
async fn a_drop_that_panics_in_a_step_is_the_steps() {
    let error = Kept::run(1).await.unwrap_err();
    let failure = &error.failures()[0];
    assert_eq!(
        (failure.code(), failure.node(), failure.message()),
        ("panicked", "keeps", "a bad drop")
    );
}

/// Panics when it is shown.
#[derive(Debug)]
pub struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("a bad display")
    }
}

impl Error for Unspeakable {}

#[step]
fn fails_at_once() -> Result<u32, Unspeakable> {
    Err(Unspeakable)
}

#[step]
async fn fails_later() -> Result<u32, Unspeakable> {
    tokio::task::yield_now().await;
    Err(Unspeakable)
}

#[step(retries = 1, backoff = "1ms..1ms")]
async fn fails_again() -> Result<u32, Unspeakable> {
    Err(Unspeakable)
}

workflow! { pub AtOnce() -> u32 { fails_at_once() } }
workflow! { pub Later() -> Result<u32, Unspeakable> { fails_later() } }
workflow! { pub Again() -> u32 { fails_again() } }

#[tokio::test(start_paused = true)]
async fn an_error_that_cannot_be_shown_is_a_panic_of_its_step() {
    fn check<E: fmt::Debug + fmt::Display + Send + Sync + 'static>(
        result: Result<u32, RunError<E>>,
        attempt: u32,
    ) {
        let error = result.unwrap_err();
        let failure = &error.failures()[0];
        assert_eq!(
            (failure.code(), failure.message(), failure.attempt()),
            ("panicked", "a bad display", attempt)
        );
    }
    check(AtOnce::run().await, 1);
    check(Later::run().await, 1);
    check(Again::run().await, 2);
}

fn decides(_: &fmt::Error) -> bool {
    panic!("a bad decision")
}

#[step(retries = 1, backoff = "1ms..1ms", retry_if = decides)]
async fn asks() -> Result<u32, fmt::Error> {
    Err(fmt::Error)
}

workflow! { pub Asks() -> u32 { asks() } }

#[tokio::test(start_paused = true)]
async fn a_decision_that_panics_is_a_panic_of_its_step() {
    let error = Asks::run().await.unwrap_err();
    assert!(matches!(error, RunError::Panicked(_)), "{error}");
    assert_eq!(error.failures()[0].message(), "a bad decision");
}

// Two workflows of one module, each with a name that nobody uses: a warning each, and no clash.
#[expect(unused_variables, reason = "what is looked at")]
mod unused {
    use orch::prelude::*;

    workflow! { pub One(n: u32, unused: u32) -> u32 { n + 0 } }
    workflow! { pub Other(n: u32, unused: u32) -> u32 { n + 1 } }
}

#[tokio::test]
async fn two_workflows_of_a_module_may_leave_a_name_unused() -> Result<(), Box<dyn Error>> {
    assert_eq!(
        (
            unused::One::run(1, 2).await?,
            unused::Other::run(1, 2).await?
        ),
        (1, 2)
    );
    Ok(())
}
