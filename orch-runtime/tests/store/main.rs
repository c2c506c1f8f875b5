//! Stores as their users meet them: on real files, in several processes, and when things go wrong.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests"
)]

mod common;
mod conformance;
mod damage;
mod docs;
mod faults;
mod model;
mod owners;
mod processes;
mod speed;
mod versions;
