//! The behavior of workflows, as their users meet it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests"
)]

mod breakers;
mod building;
mod caching;
mod clocks;
mod docs;
mod durable;
mod engine;
mod failures;
mod fan_out;
mod global_recorder;
mod handles;
mod language;
mod limits;
mod metric_labels;
mod metrics;
mod mocks;
mod observability;
mod overrides;
mod panics;
mod probe;
mod recorder;
mod retries;
mod rules;
mod streams;
mod traces;
mod ui;
