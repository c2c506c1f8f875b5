//! The behavior of workflows, as their users meet it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests"
)]

mod language;
mod mocks;
mod streams;
mod ui;
