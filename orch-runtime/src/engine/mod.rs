//! The in-memory engine: frames, strands and calls over the pure schedule.

pub(crate) mod call;
mod control;
mod execute;
pub(crate) mod fan;
pub mod frame;
pub mod gather;
pub mod layout;
mod pace;
pub(crate) mod record;
pub(crate) mod run;
mod settle;
mod slice;
pub(crate) mod strand;

pub(crate) use execute::execute_observed;
