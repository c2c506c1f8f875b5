//! The in-memory engine: frames, strands and calls over the pure schedule.

pub(crate) mod call;
mod execute;
pub(crate) mod fan;
pub mod frame;
pub mod layout;
pub(crate) mod run;
mod settle;
pub(crate) mod strand;

pub(crate) use execute::execute_observed;
