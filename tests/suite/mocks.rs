//! Tests of workflows, as their authors write them.

use std::time::Duration;

use orch::prelude::*;
use orch::schedule::Status;
use orch::testing::{TestRun, paused};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the card was refused")
    }
}

impl std::error::Error for Refused {}

pub struct Bank;

#[step(retries = 2, backoff = "10m..1h")]
async fn charge(card: &str, cents: u64, #[resource] _bank: &Bank) -> Result<u64, Refused> {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let _ = card;
    Ok(cents)
}

#[step]
fn note(outcome: Outcome<&u64>) -> String {
    outcome.as_str().to_owned()
}

workflow! {
    pub Pay(card: String, cents: u64) -> String {
        charged = charge(&card, cents);
        #[node(on = all_done)]
        note(charged)
    }
}

#[test]
fn a_stand_in_takes_the_place_of_a_step() -> Result<(), Box<dyn std::error::Error>> {
    let tested = paused(
        TestRun::of(Pay)
            .resource(Bank)
            .mock(charge::mock(|card, cents| {
                assert_eq!((card, cents), ("4242", 7));
                Err(Refused)
            }))
            .run(("4242".to_owned(), 7)),
    )??;
    assert_eq!(tested.started("charged"), 1);
    assert_eq!(tested.failed_attempts("charged"), 3);
    assert_eq!(tested.result?, "failed");
    Ok(())
}

#[test]
fn without_one_the_step_itself_runs_on_paused_time() -> Result<(), Box<dyn std::error::Error>> {
    let tested = paused(TestRun::of(Pay).resource(Bank).run(("4242".to_owned(), 7)))??;
    assert_eq!(tested.status("charged"), Some(Status::Done));
    assert_eq!(tested.result?, "done");
    Ok(())
}

#[test]
fn a_missing_resource_is_found_before_anything_runs() -> Result<(), Box<dyn std::error::Error>> {
    let error = paused(TestRun::of(Pay).run((String::new(), 0)))?.unwrap_err();
    assert!(
        error.to_string().contains("`Pay` wants a resource of type"),
        "{error}"
    );
    Ok(())
}
