//! The orchestrator: what its runs share, and how they are started and steered.

mod builder;
mod error;
mod handle;
#[cfg(feature = "durable")]
mod runs;
mod signal;
mod start;

use std::sync::Arc;
#[cfg(feature = "durable")]
use std::time::Duration;

use orch_core::error::RunError;
use orch_core::plan::WorkflowSpec;
#[cfg(feature = "testing")]
use orch_core::run::RunStatus;

pub use self::builder::{BuildError, Builder};
pub use self::error::SteerError;
pub use self::handle::{Emissions, Events, ProgressStream, RunHandle};
#[cfg(feature = "durable")]
pub(crate) use self::runs::inbox;
#[cfg(feature = "durable")]
pub use self::runs::{Attempt, AttemptEnd, Checkpoint, InboxItem, RunInfo, Runs};
pub use self::signal::SendSignal;
pub use self::start::{Start, StartError};
use crate::engine::execute_observed;
use crate::engine::run::Run;
use crate::observe;
use crate::policy::breaker::Breaker;
use crate::program::{Program, Workflow};
use crate::services::{RunServices, Services};
use crate::veil::Veiled;

/// Starts runs that share resources, caches, limits and breakers, and lets operators see and steer them.
///
/// Cheap to clone. Two orchestrators share nothing. Dropping the last clone lets runs under way go on to their end.
#[derive(Debug, Clone)]
pub struct Orchestrator {
    services: Veiled<Services>,
    workflows: Arc<[&'static Program]>,
}

impl Orchestrator {
    /// An orchestrator to be.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a run; `.id(…)` and `.correlation_id(…)` may be given before it is awaited.
    ///
    /// The input is the workflow's one input, a tuple of several, or `()`.
    pub fn start<W: Workflow>(&self, _workflow: W, input: W::Input) -> Start<W> {
        Start::new(self.services.clone(), input)
    }

    /// Runs a workflow to its end inside the caller's task: dropping the future cancels the run.
    #[cfg(feature = "testing")]
    pub(crate) async fn run_here<W: Workflow>(
        &self,
        input: W::Input,
    ) -> Result<W::Output, RunError<W::Error>> {
        let run = self.services.clone().run_arc(W::program());
        execute_observed::<W>(run, input, None).await
    }

    /// Runs a durable workflow until it has ended, however often its process seems to be killed.
    #[cfg(feature = "testing")]
    pub(crate) async fn run_kept<W: Workflow>(
        &self,
        input: W::Input,
    ) -> Result<Result<W::Output, RunError<W::Error>>, StartError> {
        let handle = Start::<W>::new(self.services.clone(), input).await?;
        let (id, runs) = (handle.id().clone(), self.runs());
        let Some((kept, home)) = handle.kept_end().await else {
            return Err(StartError::NoStore {
                workflow: W::SPEC.name,
            });
        };
        let mut result = kept.result::<W>(&id, home.clone());
        while let (Err(RunError::Interrupted(_)), Some(runs)) = (&result, &runs) {
            match runs.stands(&id).await {
                Ok(kept) if kept.status == RunStatus::Parked => break,
                Ok(kept) => result = kept.result::<W>(&id, home.clone()),
                Err(error) => {
                    let reason = error.to_string();
                    return Err(StartError::Store { reason });
                }
            }
        }
        Ok(result)
    }

    /// The durable runs; `None` without a store.
    #[cfg(feature = "durable")]
    #[must_use]
    pub fn runs(&self) -> Option<Runs> {
        self.services.durability().cloned().map(Runs::new)
    }

    /// Takes no further durable run, lets the steps finish that have begun, for so long at most, and lets go of the
    /// runs: they go on when they are taken up again. Gives how many runs had steps that did not finish in time.
    ///
    /// Streams of durable runs end with it, and whoever waits for a result is told `RunError::Interrupted`.
    #[cfg(feature = "durable")]
    pub async fn shutdown(&self, limit: Duration) -> usize {
        match self.services.durability() {
            Some(durability) => durability.shut_down(limit).await,
            None => 0,
        }
    }

    /// The circuit breaker of this name, or of the step of this name, once it was used.
    #[must_use]
    pub fn breaker(&self, name: &str) -> Option<Arc<Breaker>> {
        self.services.registry().breaker_named(name)
    }

    /// The circuit breakers that were used.
    #[must_use]
    pub fn breakers(&self) -> Vec<Arc<Breaker>> {
        self.services.registry().breakers()
    }

    /// The cache of step results.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache(&self) -> Option<&crate::policy::cache::Cache> {
        self.services.cache()
    }

    /// The registered workflows.
    #[must_use]
    pub fn workflows(&self) -> Vec<&'static WorkflowSpec> {
        self.workflows.iter().map(|program| program.spec).collect()
    }
}

/// A workflow that runs without an orchestrator.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run alone: its steps want resources",
    label = "wants resources",
    note = "give them to an orchestrator and start it there: `Orchestrator::builder().resource(…).build().await?.start({Self}, input).await?`"
)]
pub trait RunsAlone<'a> {}

/// Runs a workflow that needs no orchestrator.
///
/// # Errors
/// If the run failed or ran out of time.
#[expect(
    clippy::manual_async_fn,
    reason = "said to be `Send`, it is proved here once and not by the compiler of each workflow"
)]
pub fn run<W: Workflow>(
    input: W::Input,
) -> impl Future<Output = Result<W::Output, RunError<W::Error>>> + Send {
    async move {
        let run = alone(W::program());
        execute_observed::<W>(run, input, None).await
    }
}

/// A run without an orchestrator.
fn alone(program: &'static Program) -> Arc<Run> {
    if observe::listen() {
        return Veiled::new(Services::default()).run_arc(program);
    }
    Arc::new(Run::new(program, RunServices::default(), None, None, None))
}
