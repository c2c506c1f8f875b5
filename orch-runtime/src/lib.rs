//! The engine of Orch: runs plans on tokio.

pub mod ctx;
pub mod policy;
pub mod step;
