//! The in-memory engine: frames, strands and calls over the pure schedule.

#[cfg(not(feature = "durable"))]
#[path = "../absent/engine.rs"]
mod absent;
#[cfg(feature = "durable")]
mod attempts;
pub(crate) mod call;
#[cfg(feature = "durable")]
mod check;
#[cfg(feature = "durable")]
pub(crate) mod children;
mod control;
mod execute;
pub(crate) mod fan;
pub mod frame;
pub mod gather;
pub(crate) mod jobs;
#[cfg(feature = "durable")]
pub(crate) mod journaled;
#[cfg(feature = "durable")]
pub(crate) mod known;
pub mod layout;
pub(crate) mod mailbox;
mod pace;
#[cfg(feature = "durable")]
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

#[cfg(not(feature = "durable"))]
pub(crate) use absent::{attempts, journaled, record};
#[cfg(feature = "durable")]
pub(crate) use check::{check_signal, check_value};
pub(crate) use execute::{execute_observed, status_of};
#[cfg(feature = "durable")]
pub(crate) use journaled::{Ended, execute_durable};
