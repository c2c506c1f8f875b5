//! Building an orchestrator: what it finds wrong, all at once.

use std::error::Error;
use std::sync::Arc;

use orch::prelude::*;
use orch::{Orchestrator, StartError};

// ---- resources

#[derive(Debug)]
pub struct Client(u32);

#[derive(Debug)]
pub struct Pool;

pub trait Mailer: Send + Sync {
    fn mail(&self) -> u32;
}

struct Smtp;

impl Mailer for Smtp {
    fn mail(&self) -> u32 {
        3
    }
}

#[step]
fn fetches(#[resource] client: &Client) -> u32 {
    client.0
}

#[step]
async fn mails(#[resource] mailer: &dyn Mailer, #[resource] _pool: &Pool) -> u32 {
    mailer.mail()
}

workflow! {
    pub Fetches() -> u32 { fetches() }
}

workflow! {
    pub Mails() -> u32 {
        fetched = Fetches::run();
        mailed = if fetched > 0 { mails() } else { fetches() };
        fetched + mailed
    }
}

#[tokio::test]
async fn steps_are_given_shared_things_by_type() -> Result<(), Box<dyn Error>> {
    let orch = Orchestrator::builder()
        .workflow(Mails)
        .resource(Client(4))
        .shared::<dyn Mailer>(Arc::new(Smtp))
        .resource(Pool)
        .build()
        .await?;
    assert_eq!(orch.start(Mails, ()).await?.result().await?, 7);
    let names: Vec<_> = orch.workflows().iter().map(|spec| spec.name).collect();
    assert_eq!(names, ["Mails"]);
    Ok(())
}

#[tokio::test]
async fn the_last_of_a_type_is_the_one() -> Result<(), Box<dyn Error>> {
    let orch = Orchestrator::builder()
        .resource(Client(4))
        .resource(Client(5))
        .build()
        .await?;
    assert_eq!(orch.start(Fetches, ()).await?.result().await?, 5);
    Ok(())
}

#[tokio::test]
async fn every_missing_resource_is_found_when_the_orchestrator_is_built() {
    let error = Orchestrator::builder()
        .workflow(Mails)
        .workflow(Fetches)
        .resource(Pool)
        .build()
        .await
        .unwrap_err();
    let wants = |workflow: &str, what: &str| {
        format!(
            "workflow `{workflow}` wants a resource of type `{what}`: give one with `.resource(…)` or `.shared(…)`"
        )
    };
    assert_eq!(
        error.problems(),
        [
            wants("Mails", "suite::building::Client"),
            wants("Mails", "dyn suite::building::Mailer"),
            wants("Fetches", "suite::building::Client"),
        ]
    );
    assert_eq!(
        error.to_string(),
        format!(
            "the orchestrator cannot be built: {}",
            error.problems().join("; ")
        )
    );
}

#[tokio::test]
async fn without_registering_a_missing_resource_is_found_when_the_run_starts()
-> Result<(), Box<dyn Error>> {
    let orch = Orchestrator::builder().build().await?;
    let error = orch.start(Fetches, ()).await.unwrap_err();
    assert_eq!(
        error,
        StartError::MissingResource {
            workflow: "Fetches",
            resource: "suite::building::Client"
        }
    );
    assert_eq!(error.code(), "missing_resource");
    assert_eq!(
        error.to_string(),
        "workflow `Fetches` wants a resource of type `suite::building::Client`: give one to the orchestrator with `.resource(…)` or `.shared(…)`"
    );
    Ok(())
}

// ---- names that are shared, or taken

mod one {
    use super::*;

    #[step(
        rate_limit("50/s", name = "api"),
        concurrency(4, name = "api"),
        breaker("api", failure_threshold = 5)
    )]
    pub(super) async fn call(n: u32) -> u32 {
        n
    }

    workflow! {
        pub Flow(n: u32) -> u32 {
            items = for k in 0..n { if k > 1 { call(k) } else { call(0) } };
            items.iter().sum()
        }
    }
}

mod other {
    use super::*;

    #[step(
        rate_limit("60/s", name = "api"),
        concurrency(8, name = "api"),
        breaker("api", failure_threshold = 6)
    )]
    pub(super) async fn call(n: u32) -> u32 {
        n
    }

    workflow! {
        pub Flow(n: u32) -> u32 {
            items = for k in 0..n { if k > 1 { call(k) } else { call(0) } };
            items.iter().sum()
        }
    }
}

#[tokio::test]
async fn names_that_clash_are_all_found() -> Result<(), Box<dyn Error>> {
    let builder = || {
        Orchestrator::builder()
            .workflow(one::Flow)
            .workflow(one::Flow)
    };
    let orch = builder().build().await?;
    assert_eq!(orch.workflows().len(), 1, "the same one twice is no clash");
    assert_eq!(orch.start(one::Flow, 3).await?.result().await?, 2);

    let error = builder().workflow(other::Flow).build().await.unwrap_err();
    assert_eq!(
        error.problems(),
        [
            "two workflows are named `Flow`",
            "the breaker `api` is declared with different settings: failure_threshold 5, recovery_timeout 60s, half_open_max_calls 1, and failure_threshold 6, recovery_timeout 60s, half_open_max_calls 1",
            "the concurrency limit `api` is declared with different settings: max 4, and max 8",
            "the rate limit `api` is declared with different settings: 50 per 1s, burst 1, and 60 per 1s, burst 1",
        ]
    );
    Ok(())
}

workflow! {
    pub FlowInside(n: u32) -> u32 { other::Flow::run(n) }
}

#[tokio::test]
async fn names_clash_in_workflows_inside_as_well() {
    let builder = Orchestrator::builder()
        .workflow(one::Flow)
        .workflow(FlowInside);
    let error = builder.build().await.unwrap_err();
    assert_eq!(error.problems().len(), 3, "{error}");
}

#[tokio::test]
async fn a_clash_that_was_not_registered_is_found_when_the_step_runs() -> Result<(), Box<dyn Error>>
{
    let orch = Orchestrator::builder().workflow(one::Flow).build().await?;
    let error = orch
        .start(other::Flow, 1)
        .await?
        .result()
        .await
        .unwrap_err();
    let message = error.failures()[0].message();
    assert!(
        message.starts_with("the breaker `api` is declared with different settings"),
        "{message}"
    );
    Ok(())
}
