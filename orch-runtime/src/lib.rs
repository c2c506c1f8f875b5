//! The engine of Orch: runs workflows on tokio.
//!
//! Users depend on the facade crate `orch-rs`, which re-exports what they need of this one.
#![cfg_attr(
    not(all(feature = "cache", feature = "rate-limit", feature = "durable")),
    allow(
        dead_code,
        unused_imports,
        reason = "what a feature that is left out would use"
    )
)]

#[cfg(feature = "durable")]
pub mod artifact;
#[cfg(not(feature = "durable"))]
#[path = "absent/artifact.rs"]
mod artifact;
pub mod ctx;
#[cfg(any(feature = "cache", feature = "durable"))]
mod digest;
#[cfg(feature = "durable")]
mod durability;
#[cfg(not(feature = "durable"))]
#[path = "absent/durability.rs"]
mod durability;
pub mod durable;
pub mod engine;
mod features;
pub mod glue;
mod ids;
pub mod items;
pub mod json;
pub mod mock;
pub mod observe;
pub mod orchestrator;
pub mod origin;
mod overrides;
mod panics;
pub mod policy;
pub mod program;
mod services;
pub mod slots;
pub mod step;
#[cfg(feature = "durable")]
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod veil;
