//! The in-memory engine: frames, strands and calls over the pure schedule.

mod attempts;
pub(crate) mod call;
mod check;
pub(crate) mod children;
mod control;
mod execute;
pub(crate) mod fan;
pub mod frame;
pub mod gather;
pub(crate) mod jobs;
pub(crate) mod journaled;
pub(crate) mod known;
pub mod layout;
pub(crate) mod mailbox;
mod pace;
pub(crate) mod record;
pub(crate) mod run;
mod settle;
#[cfg(all(test, feature = "testing"))]
mod simulation;
mod slice;
pub(crate) mod strand;
pub(crate) mod under_way;
pub(crate) mod undo;
pub(crate) mod wait;
mod watched;

pub(crate) use check::{check_signal, check_value};
pub(crate) use execute::{Ended, execute_durable, execute_observed, status_of};
