//! Measures Orch beside its peers and beside tokio by hand.
//!
//! One process, all candidates in turns, the same steps, every result checked; `docs/benchmarks.md` says how to run it.

pub mod burning;
pub mod candidates;
pub mod cases;
pub mod goals;
pub mod graph;
pub mod harness;
pub mod options;
pub mod recorded;
pub mod report;
pub mod steps;
pub mod workflows;
