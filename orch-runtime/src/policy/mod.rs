//! The policies that wrap a step's attempts, each usable alone.
//!
//! Every policy is a folder with the same inner files: `mod.rs` is its public face, `state.rs` what
//! it remembers and decides, `tests.rs` its tests; a policy that remembers nothing has no `state.rs`.
//!
//! | module | question it answers |
//! |---|---|
//! | [`retry`] | how long to wait before another attempt, and whether there is one |
//! | [`breaker`] | whether what keeps failing is called at all |
//! | [`concurrency`] | how many attempts are under way at once |
#![cfg_attr(
    feature = "rate-limit",
    doc = "| [`rate_limit`] | how many attempts start in a span of time |"
)]
//! | [`timeout`] | how long one attempt may take |
#![cfg_attr(
    feature = "cache",
    doc = "| [`cache`] | whether the work was done before, or is being done right now |"
)]
//!
//! [`Registry`] holds the instances of one orchestrator, those that are shared by name among them.
//!
//! The one clock of all of them is [`tokio::time::Instant`], so that a test which pauses tokio's time
//! controls every wait; chance comes from a [`retry::Random`] that a test can seed.

pub mod breaker;
#[cfg(feature = "cache")]
pub mod cache;
pub mod concurrency;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
mod registry;
pub mod retry;
pub mod timeout;

pub use registry::{Conflict, Instances, Kind, Owner, Registry};
