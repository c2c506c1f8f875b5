//! Observing runs: events, progress, metrics and spans, for whoever listens.
//!
//! A run that nobody listens to has no observer, and reads no clock for one.

mod advance;
// Without its feature, each of the two is a stand-in with the same names, so that hardly anybody else asks which it is.
#[cfg_attr(not(feature = "metrics"), path = "../absent/metrics.rs")]
mod metrics;
mod outlet;
mod shares;
mod spans;
mod starts;
#[cfg_attr(not(feature = "tracing"), path = "../absent/tracing.rs")]
pub(crate) mod tracing;
mod watch;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use orch_core::error::NodeError;
use orch_core::run::{Progress, RunEvent};

use crate::engine::strand::panic_message;

pub(crate) use self::metrics::{Handles, ProgramMetrics};
pub(crate) use self::outlet::Outlets;
pub(crate) use self::spans::{AttemptWatch, PlainWatch, during};
pub(crate) use self::starts::Starts;
pub use self::watch::Emission;
pub(crate) use self::watch::{Observer, Queued};

type Handler<T> = Box<dyn Fn(&T) + Send + Sync>;

/// Calls each handler; one that panics harms neither the others nor the run.
fn call<T>(handlers: &[Handler<T>], told: &T) {
    for handler in handlers {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| handler(told))) {
            let panic = panic_message(&*panic);
            tracing::error!(target: "orch", event = "handler_panicked", panic);
        }
    }
}

/// Whether anybody listens to a run without an orchestrator.
pub(crate) fn listen() -> bool {
    tracing::is_subscribed() || metrics::is_recorded()
}

/// What an orchestrator's owner wants to be told.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) on_error: Vec<Handler<NodeError>>,
    pub(crate) on_progress: Vec<Handler<Progress>>,
    pub(crate) on_event: Vec<Handler<RunEvent>>,
    /// Whether a metrics recorder was seen; one that is installed stays.
    recorded: AtomicBool,
    pub(crate) metrics: self::metrics::Registry,
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").finish_non_exhaustive()
    }
}

impl Listeners {
    /// Whether anybody listens.
    pub(crate) fn listen(&self) -> bool {
        let handles =
            !(self.on_error.is_empty() && self.on_progress.is_empty() && self.on_event.is_empty());
        handles || tracing::is_subscribed() || self.records()
    }

    /// Whether a metrics recorder is installed.
    pub(crate) fn records(&self) -> bool {
        if self.recorded.load(Ordering::Relaxed) {
            return true;
        }
        let recorded = metrics::is_recorded();
        self.recorded.store(recorded, Ordering::Relaxed);
        recorded
    }

    pub(crate) fn metrics(&self, program: &'static crate::program::Program) -> Option<Handles> {
        if !self.records() {
            return None;
        }
        self.metrics.of(program)
    }
}
