//! Metrics of runs without an orchestrator: their handles are those of the recorder that is there.

use std::process::Command;

use orch::prelude::*;

use crate::recorder::Ledger;

/// Says to a process that it may install a recorder for good.
const ALONE: &str = "ORCH_TESTS_RECORDER";

#[step]
async fn one() -> u64 {
    1
}

workflow! {
    Counted() -> u64 { one() }
}

async fn runs(times: usize) {
    for _ in 0..times {
        Counted::run().await.unwrap();
    }
}

fn succeeded(ledger: &Ledger) -> f64 {
    ledger.sum("tasks_completed_total", &[("status", "success")])
}

#[test]
fn handles_are_those_of_the_recorder_that_is_there() {
    if std::env::var_os(ALONE).is_some() {
        return in_a_process_of_its_own();
    }
    let name = "global_recorder::handles_are_those_of_the_recorder_that_is_there";
    let mut process = Command::new(std::env::current_exe().unwrap());
    let output = process
        .args(["--exact", name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn in_a_process_of_its_own() {
    // Each is where the one before was.
    let mut here = Ledger::default();
    for _ in 0..3 {
        here = Ledger::default();
        here.records(runs(5));
        assert_eq!(succeeded(&here), 5.0);
    }
    let before = here.clone();

    let global = Ledger::default();
    metrics::set_global_recorder(global.clone()).unwrap();
    orch::testing::paused(runs(40)).unwrap();
    assert_eq!(succeeded(&global), 40.0);
    let asked = global.registered();
    orch::testing::paused(runs(40)).unwrap();
    assert_eq!(succeeded(&global), 80.0);
    assert_eq!(global.registered(), asked, "its handles are asked for once");

    here = Ledger::default();
    here.records(runs(5));
    assert_eq!(succeeded(&here), 5.0);
    orch::testing::paused(runs(1)).unwrap();
    assert_eq!(succeeded(&global), 81.0);
    assert_eq!(succeeded(&before), 5.0);
}
