//! The behavior of workflows, as their users meet it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests"
)]

mod caching;
mod docs;
mod engine;
mod failures;
mod fan_out;
mod handles;
mod language;
mod limits;
mod mocks;
mod observability;
mod probe;
mod retries;
mod rules;
mod streams;
mod ui;
