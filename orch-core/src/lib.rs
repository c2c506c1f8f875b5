//! The vocabulary of Orch: steps, plans, policies, outcomes, errors, events and the pure schedule.
//!
//! Nothing here runs anything: no runtime, no clock, no input or output.
//! Users depend on the facade crate `orch-rs`; engines and integrations depend on this crate.

pub mod duration;
pub mod error;
pub mod graph;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod provenance;
pub mod run;
pub mod schedule;
