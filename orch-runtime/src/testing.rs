//! Testing workflows: typed stand-ins for steps, paused time, and what a run called.
//!
//! A stand-in has the step's own signature, without its `#[ctx]` and `#[resource]` parameters;
//! one of another signature does not compile.
//!
//! ```ignore
//! let tested = TestRun::of(Checkout)
//!     .mock(charge_card::mock(|_quote, _card| Err(CardError::Refused)))
//!     .run(order)
//!     .await?;
//! assert!(tested.result.is_err());
//! assert_eq!(tested.started("charge-card"), 1);
//! ```

mod faults;
mod graphs;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use orch_core::error::RunError;
use orch_core::run::{RunEvent, RunEventKind};
use orch_core::schedule::Status;

pub use self::faults::Faults;
pub use self::graphs::{GraphError, graph_unchanged};
pub use crate::mock::Mock;
use crate::orchestrator::{BuildError, Builder, Orchestrator};
use crate::program::Workflow;
use crate::store::Memory;

/// One run of a workflow in a test.
#[derive(Debug)]
pub struct TestRun<W> {
    builder: Builder,
    workflow: PhantomData<fn() -> W>,
}

impl<W: Workflow> TestRun<W> {
    /// A run of this workflow, with jitter seeded, so that waits are the same each time.
    #[must_use]
    pub fn of(workflow: W) -> Self {
        Self {
            builder: Orchestrator::builder().workflow(workflow).seed(0),
            workflow: PhantomData,
        }
    }

    /// Puts a stand-in in a step's place: `fetch_rates::mock(|day| …)`.
    #[must_use]
    pub fn mock(self, mock: Mock) -> Self {
        self.with(|builder| builder.mock(mock))
    }

    /// Gives steps a shared thing by its type.
    #[must_use]
    pub fn resource<R: Send + Sync + 'static>(self, resource: R) -> Self {
        self.with(|builder| builder.resource(resource))
    }

    /// Lets things go wrong, the same for the same seed.
    #[must_use]
    pub fn faults(self, faults: Faults) -> Self {
        self.with(|builder| builder.faults(faults))
    }

    /// Changes anything else about the orchestrator that the run is started on.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Runs the workflow to its end, and keeps what happened.
    ///
    /// One that is durable is kept in memory, unless it was given a store, and its time is that of the runtime.
    /// Where [faults](Faults::kill) kill it, it is taken up again until it has ended.
    ///
    /// # Errors
    /// If the orchestrator cannot be built, of a resource that is missing for example.
    pub async fn run(self, input: W::Input) -> Result<Tested<W>, BuildError> {
        let events = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&events);
        let mut builder = self.builder.on_event(move |event: &RunEvent| {
            kept.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(event.clone());
        });
        if W::SPEC.durable {
            builder = builder.store_by_default(Memory::new()).virtual_time();
        }
        let orchestrator = builder.build().await?;
        let result = if W::SPEC.durable {
            let ended = orchestrator.run_kept::<W>(input).await;
            ended.map_err(|error| BuildError::of(error.to_string()))?
        } else {
            orchestrator.run_here::<W>(input).await
        };
        let events = std::mem::take(&mut *events.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Tested { result, events })
    }
}

/// A run that was tested.
pub struct Tested<W: Workflow> {
    /// What the run gave.
    pub result: Result<W::Output, RunError<W::Error>>,
    /// What happened, in order.
    pub events: Vec<RunEvent>,
}

impl<W: Workflow> fmt::Debug for Tested<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tested")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl<W: Workflow> Tested<W> {
    /// How many nodes of this path were started, each item of a fan-out counted: `parcels/pack`.
    #[must_use]
    pub fn started(&self, path: &str) -> usize {
        let started = self.events.iter().filter(|event| {
            matches!(&event.kind, RunEventKind::NodeStarted { node, .. } if **node == *path)
        });
        started.count()
    }

    /// How many attempts a node of this path made that failed.
    #[must_use]
    pub fn failed_attempts(&self, path: &str) -> usize {
        let failed = self.events.iter().filter(|event| {
            matches!(&event.kind, RunEventKind::AttemptFailed { error, .. } if error.node() == path)
        });
        failed.count()
    }

    /// How each node ended, by its path; of a fan-out's items, the last one that did.
    #[must_use]
    pub fn statuses(&self) -> BTreeMap<&str, Status> {
        let ended = self.events.iter().filter_map(|event| match &event.kind {
            RunEventKind::NodeEnded { node, status, .. } => Some((&**node, *status)),
            _ => None,
        });
        ended.collect()
    }

    /// How a node ended; `None` if it did not.
    #[must_use]
    pub fn status(&self, path: &str) -> Option<Status> {
        self.statuses().get(path).copied()
    }
}

/// Runs a test's future on a runtime of its own whose time is paused: a wait ends as soon as nothing else is to do.
///
/// ```
/// # use std::time::Duration;
/// let waited = orch_runtime::testing::paused(async {
///     let begun = tokio::time::Instant::now();
///     tokio::time::sleep(Duration::from_secs(3600)).await;
///     begun.elapsed()
/// })?;
/// assert_eq!(waited, Duration::from_secs(3600));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If the operating system gives no runtime.
pub fn paused<F: Future>(test: F) -> std::io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    Ok(runtime.block_on(test))
}
