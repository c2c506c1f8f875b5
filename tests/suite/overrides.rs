//! Settings over the code: what a configuration and the environment say, and what they get wrong.

use std::error::Error;
use std::process::Command;

use orch::ErrorKind;
use orch::prelude::*;
use tokio::time::Instant;

use crate::probe::{Probe, Refused, secs};

#[step(timeout = "60s")]
async fn slow(probe: &Probe, name: &'static str) -> u32 {
    let under_way = probe.enter(name);
    probe.note(name);
    tokio::time::sleep(secs(30)).await;
    under_way.end();
    1
}

#[step(retries = 5, backoff(initial = "1s", factor = 1, jitter = "none"))]
async fn shaky(probe: &Probe) -> Result<u32, Refused> {
    probe.note("shaky");
    Err(Refused("always"))
}

#[step(cache_ttl = 600)]
async fn kept(n: u32, #[resource] probe: &Probe) -> u32 {
    probe.note("kept");
    n
}

workflow! {
    pub SlowFlow(probe: Probe) -> u32 {
        first_slow = slow(&probe, "first");
        each = for _ in 0..1_u8 { inner_slow = slow(&probe, "inner"); inner_slow };
        first_slow + each[0]
    }
}

workflow! { pub ShakyFlow(probe: Probe) -> Result<u32, Refused> { shaky(&probe) } }
workflow! { pub KeptFlow(n: u32) -> u32 { kept(n) } }

#[tokio::test(start_paused = true)]
async fn a_configuration_lies_over_the_code() -> Result<(), Box<dyn Error>> {
    let probe = Probe::new();
    let orch = Orchestrator::builder()
        .workflow(SlowFlow)
        .workflow(ShakyFlow)
        .workflow(KeptFlow)
        .resource(probe.clone())
        // A step, and over it a node of it.
        .set("SlowFlow.slow.timeout", "20s")
        .set("slow_flow.each/inner-slow.timeout", "10s")
        .set("SHAKY_FLOW.SHAKY.RETRIES", "2")
        .set("KeptFlow.kept.cache", "off")
        .build()
        .await?;
    let error = orch
        .start(SlowFlow, probe.clone())
        .await?
        .result()
        .await
        .unwrap_err();
    assert!(error.is_timed_out());
    assert_eq!(probe.times("first dropped"), [secs(20)]);
    assert_eq!(probe.times("inner dropped"), [secs(10)]);

    orch.start(ShakyFlow, probe.clone())
        .await?
        .result()
        .await
        .unwrap_err();
    assert_eq!(probe.count("shaky"), 3);

    orch.start(KeptFlow, 1).await?.result().await?;
    orch.start(KeptFlow, 1).await?.result().await?;
    assert_eq!(probe.count("kept"), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_deadline_may_be_set_where_there_was_none() -> Result<(), Box<dyn Error>> {
    let (probe, began) = (Probe::new(), Instant::now());
    let orch = Orchestrator::builder()
        .workflow(ShakyFlow)
        .set("ShakyFlow.shaky.deadline", "1500ms")
        .build()
        .await?;
    let error = orch
        .start(ShakyFlow, probe.clone())
        .await?
        .result()
        .await
        .unwrap_err();
    assert_eq!(error.failures()[0].kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(
        (probe.count("shaky"), began.elapsed().as_millis()),
        (2, 1500)
    );
    Ok(())
}

#[step]
fn gives() -> String {
    "parcel".to_owned()
}

#[step]
async fn takes_by_value(parcel: String, probe: &Probe) -> Result<u32, Refused> {
    probe.note(parcel);
    Err(Refused("always"))
}

#[step(idempotent = false)]
async fn charges(probe: &Probe) -> Result<u32, Refused> {
    probe.note("charged");
    Err(Refused("always"))
}

workflow! {
    pub Moves(probe: Probe) -> Result<u32, Refused> {
        parcel = gives();
        #[node(optional)]
        Charges::run(probe.clone());
        takes_by_value(parcel, &probe)
    }
}

workflow! { pub Charges(probe: Probe) -> Result<u32, Refused> { charges(&probe) } }

#[tokio::test]
async fn every_override_that_does_not_fit_is_found() {
    let error = Orchestrator::builder()
        .workflow(SlowFlow)
        .workflow(ShakyFlow)
        .workflow(Charges)
        .workflow(Moves)
        .set("Checkout.charge.timeout", "5s")
        .set("SlowFlow.slo.timeout", "5s")
        .set("SlowFlow.each.timeout", "5s")
        .set("SlowFlow.slow.timeuot", "5s")
        .set("SlowFlow.timeout", "5s")
        .set("SlowFlow.slow.timeout", "soon")
        .set("SlowFlow.slow.timeout", "0s")
        .set("ShakyFlow.shaky.retries", "-1")
        .set("ShakyFlow.shaky.cache", "on")
        .set("Charges.charges.retries", "3")
        .set("Moves.takes_by_value.retries", "3")
        .set("Moves.takes_by_value.retries", "0")
        .set("Moves.Charges.retries", "1")
        .set("SlowFlow.slow.cache", "off")
        .set("SlowFlow.first_slow.deadline", "30s")
        .set("SlowFlow.slow..timeout", "5s")
        .set("", "5s")
        .set("SlowFlow.slow.timeout", "")
        .set("ShakyFlow.shaky.retries", "4294967296")
        .build()
        .await
        .unwrap_err();
    assert_eq!(
        error.problems(),
        [
            "override `Checkout.charge.timeout`: no workflow `Checkout` is registered, there are: SlowFlow, ShakyFlow, Charges, Moves",
            "override `SlowFlow.slo.timeout`: workflow `SlowFlow` has no node or step `slo`, there are: each/inner-slow, first-slow, slow",
            "override `SlowFlow.each.timeout`: workflow `SlowFlow` has no node or step `each`, there are: each/inner-slow, first-slow, slow",
            "override `SlowFlow.slow.timeuot`: `timeuot` cannot be overridden, these can: timeout, deadline, retries, cache",
            "override `SlowFlow.timeout`: write `workflow.node.option`, as in `Checkout.charge.timeout`",
            "override `SlowFlow.slow.timeout`: `soon` is not a duration: write a number before each unit, such as `30s` or `1h30m`",
            "override `SlowFlow.slow.timeout`: a limit of zero lets nothing run",
            "override `ShakyFlow.shaky.retries`: `-1` is not a number of retries",
            "override `ShakyFlow.shaky.cache`: `on` is not known here: write `off`",
            "override `Charges.charges.retries`: `charges` is `idempotent = false`, so that it cannot be retried",
            "override `Moves.takes_by_value.retries`: `takes-by-value` takes its arguments once, so that it cannot be retried: say `retries` in the code, and override that",
            "override `Moves.Charges.retries`: `Charges` takes its arguments once, so that it cannot be retried: say `retries` in the code, and override that",
            "override `SlowFlow.slow.cache`: `slow` is not cached",
            "override `SlowFlow.slow..timeout`: write `workflow.node.option`, as in `Checkout.charge.timeout`",
            "override ``: write `workflow.node.option`, as in `Checkout.charge.timeout`",
            "override `SlowFlow.slow.timeout`: the duration is empty: write a number and a unit, such as `30s`",
            "override `ShakyFlow.shaky.retries`: `4294967296` is not a number of retries",
            "workflow `SlowFlow`, node `first-slow`: its timeout of 60s is longer than its deadline of 30s",
        ]
    );
}

// ---- the environment

/// Run by the test below in a process of its own, which has its own environment.
#[test]
#[ignore = "wants an environment that another test makes"]
fn reads_the_environment() -> Result<(), Box<dyn Error>> {
    orch::testing::paused(async {
        let probe = Probe::new();
        let built = Orchestrator::builder()
            .workflow(SlowFlow)
            .workflow(ShakyFlow)
            .set_from_env("ORCH")
            .build()
            .await;
        let orch = match built {
            Ok(orch) => orch,
            Err(error) => {
                println!("problems: {:?}", error.problems());
                return;
            }
        };
        let slow = orch.start(SlowFlow, probe.clone()).await.unwrap();
        println!("slow: {:?}", slow.result().await);
        let shaky = orch.start(ShakyFlow, probe.clone()).await.unwrap();
        println!("shaky: {:?}", shaky.result().await);
        println!("dropped at {:?}", probe.times("inner dropped"));
        println!("{} attempts", probe.count("shaky"));
    })?;
    Ok(())
}

fn in_environment(
    variables: &[(&str, impl AsRef<std::ffi::OsStr>)],
) -> Result<String, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?)
        .args([
            "--exact",
            "overrides::reads_the_environment",
            "--ignored",
            "--nocapture",
        ])
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()?;
    assert!(output.status.success(), "{output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn the_environment_lies_over_the_code() -> Result<(), Box<dyn Error>> {
    let told = in_environment(&[
        ("ORCH__SLOW_FLOW__EACH_INNER_SLOW__TIMEOUT", "7s"),
        ("ORCH__SHAKYFLOW__SHAKY__RETRIES", "1"),
        ("ORCHESTRA__SHAKYFLOW__SHAKY__RETRIES", "9"),
    ])?;
    assert!(
        told.contains("dropped at [7s]") && told.contains("2 attempts"),
        "{told}"
    );

    // On every system names are compared without case.
    let told = in_environment(&[("orch__shakyflow__shaky__retries", "2")])?;
    assert!(told.contains("3 attempts"), "{told}");
    Ok(())
}

#[test]
fn every_variable_that_does_not_fit_is_found() -> Result<(), Box<dyn Error>> {
    for (name, value, problem) in [
        (
            "ORCH__SHAKY_FLOW__SHAKY__RETRIES",
            "many",
            "`many` is not a number of retries",
        ),
        (
            "ORCH__SHAKY_FLOW__SHAKY__RETIRES",
            "3",
            "`RETIRES` cannot be overridden, these can: timeout, deadline, retries, cache",
        ),
        (
            "ORCH__SHAKY__RETRIES",
            "3",
            "write `workflow.node.option`, as in `Checkout.charge.timeout`",
        ),
        (
            "ORCH__SHAKYFLO__SHAKY__RETRIES",
            "3",
            "no workflow `SHAKYFLO` is registered, there are: SlowFlow, ShakyFlow",
        ),
        (
            "ORCH__SHAKY_FLOW__SHAKKY__RETRIES",
            "3",
            "workflow `ShakyFlow` has no node or step `SHAKKY`, there are: shaky",
        ),
    ] {
        let told = in_environment(&[(name, value)])?;
        let expected = format!("problems: {:?}", [format!("variable `{name}`: {problem}")]);
        assert!(told.contains(&expected), "{told}\n{expected}");
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_found() -> Result<(), Box<dyn Error>> {
    use std::os::unix::ffi::OsStrExt as _;
    let value = std::ffi::OsStr::from_bytes(b"5\xffs");
    let told = in_environment(&[("ORCH__SLOW_FLOW__SLOW__TIMEOUT", value)])?;
    assert!(
        told.contains(
            "problems: [\"variable `ORCH__SLOW_FLOW__SLOW__TIMEOUT`: `5\u{fffd}s` lacks a unit"
        ),
        "{told}"
    );
    let told = in_environment(&[("OTHER", value)])?;
    assert!(told.contains("6 attempts"), "{told}");
    Ok(())
}

#[tokio::test]
async fn where_no_workflow_is_registered_nothing_can_be_overridden() {
    let builder = Orchestrator::builder().set("Checkout.charge.timeout", "5s");
    assert_eq!(
        builder.build().await.unwrap_err().problems(),
        [
            "override `Checkout.charge.timeout`: no workflow `Checkout` is registered, there are none"
        ]
    );
}
