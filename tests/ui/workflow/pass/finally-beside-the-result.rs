#![deny(warnings)]

use orch::prelude::*;

/// Neither `Clone` nor `Copy`.
pub struct Report(pub String);

#[step]
fn write(title: &str) -> Report {
    Report(title.to_owned())
}

#[step]
fn log(report: Outcome<&Report>) {
    let _ = report.done().map(|report| report.0.len());
}

#[step]
fn unlock(key: &Report) {
    let _ = key.0.len();
}

workflow! {
    /// What the result takes, `finally` nodes look at before: nodes' values and inputs.
    pub Flow(title: String, key: Report) -> (Report, Report) {
        report = write(&title);
        #[node(finally)]
        log(report);
        #[node(finally)]
        unlock(&key);
        (report, key)
    }
}

fn main() {}
