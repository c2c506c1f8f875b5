//! The engine of Orch: runs workflows on tokio.
//!
//! Users depend on the facade crate `orch-rs`, which re-exports what they need of this one.
#![cfg_attr(
    not(all(feature = "cache", feature = "rate-limit")),
    allow(
        dead_code,
        unused_imports,
        reason = "what a feature that is left out would use"
    )
)]

pub mod artifact;
pub mod ctx;
mod durability;
pub mod durable;
pub mod engine;
pub mod glue;
mod id;
pub mod items;
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
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod veil;
