//! Starting runs.

#[cfg(feature = "durable")]
mod durable;
#[cfg(not(feature = "durable"))]
#[path = "../absent/start.rs"]
mod durable;

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use orch_core::plan::{Wait, WorkflowSpec};
use orch_core::run::RunId;
use tokio::runtime::Handle;

use super::handle::{RunHandle, Streams};
use crate::engine::execute_observed;
use crate::program::Workflow;
use crate::services::Services;
use crate::veil::Veiled;

/// Why a run could not be started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError {
    /// A resource that the workflow wants was not given to the orchestrator.
    MissingResource {
        /// The workflow.
        workflow: &'static str,
        /// The resource's type.
        resource: &'static str,
    },
    /// There is no tokio runtime here.
    NoRuntime,
    /// The run's id is empty.
    EmptyId,
    /// The workflow is durable, and the orchestrator has no store.
    NoStore {
        /// The workflow.
        workflow: &'static str,
    },
    /// The workflow is durable, and was not registered, so that nobody would take its runs up again.
    NotRegistered {
        /// The workflow.
        workflow: &'static str,
    },
    /// A durable workflow inside waits for something, and the workflow is not durable, so that nothing of it is kept.
    Unkept {
        /// The workflow.
        workflow: &'static str,
        /// The workflow inside.
        inner: &'static str,
        /// What that waits for: `checkpoint_after`, `signal` or `sleep`.
        wait: &'static str,
    },
    /// A workflow inside has steps with `compensate` and is not durable, and the workflow is, so that nobody would know
    /// after a crash what it had done.
    Forgotten {
        /// The workflow.
        workflow: &'static str,
        /// The workflow inside.
        inner: &'static str,
    },
    /// The input does not serialize to JSON, or not come back.
    Input {
        /// The workflow.
        workflow: &'static str,
        /// Why.
        reason: String,
    },
    /// As many runs of the workflow are under way as may be, and it says `overlap = skip`.
    Overlap {
        /// The workflow.
        workflow: &'static str,
        /// How many.
        limit: u32,
    },
    /// A run of this id is kept already, and is of another workflow.
    OtherWorkflow {
        /// The id.
        id: RunId,
        /// The workflow that was asked for.
        workflow: &'static str,
        /// The workflow of the run that is kept.
        kept: String,
    },
    /// The orchestrator is shutting down.
    ShuttingDown,
    /// The run could not be kept.
    Store {
        /// Why.
        reason: String,
    },
}

impl StartError {
    pub(super) const fn unkept(workflow: &'static str, inner: &WorkflowSpec, wait: Wait) -> Self {
        Self::Unkept {
            workflow,
            inner: inner.name,
            wait: wait.as_str(),
        }
    }

    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingResource { .. } => "missing_resource",
            Self::NoRuntime => "no_runtime",
            Self::EmptyId => "empty_id",
            Self::NoStore { .. } => "no_store",
            Self::NotRegistered { .. } => "not_registered",
            Self::Unkept { .. } => "unkept",
            Self::Forgotten { .. } => "forgotten",
            Self::Input { .. } => "input",
            Self::Overlap { .. } => "overlap",
            Self::OtherWorkflow { .. } => "other_workflow",
            Self::ShuttingDown => "shutting_down",
            Self::Store { .. } => "store",
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingResource { workflow, resource } => write!(
                f,
                "workflow `{workflow}` wants a resource of type `{resource}`: give one to the orchestrator with `.resource(…)` or `.shared(…)`"
            ),
            Self::NoRuntime => f.write_str("there is no tokio runtime here to start a run on"),
            Self::EmptyId => f.write_str("the run's id is empty: give it another one, or none"),
            Self::NoStore { workflow } => write!(
                f,
                "workflow `{workflow}` is durable: give the orchestrator a store with `.store(…)`"
            ),
            Self::NotRegistered { workflow } => write!(
                f,
                "workflow `{workflow}` is durable: register it with `.workflow({workflow})`, so that its runs are taken up again"
            ),
            Self::Unkept {
                workflow,
                inner,
                wait,
            } => write!(
                f,
                "workflow `{inner}`, inside `{workflow}`, is durable and waits (`{wait}`), and `{workflow}` or one between them is not durable, so that nothing of it is kept: say `#[workflow(durable)]` of each workflow around `{inner}`"
            ),
            Self::Forgotten { workflow, inner } => write!(
                f,
                "workflow `{inner}`, inside `{workflow}`, undoes what it did (`compensate`) and is not durable, so that after a crash nobody would know what to undo: say `#[workflow(durable)]` of `{inner}`"
            ),
            Self::Input { workflow, reason } => write!(
                f,
                "the input of workflow `{workflow}` cannot be kept, as it does not go into JSON and come back: {reason}"
            ),
            Self::Overlap { workflow, limit } => write!(
                f,
                "{limit} runs of workflow `{workflow}` are under way, as many as may be"
            ),
            Self::OtherWorkflow { id, workflow, kept } => write!(
                f,
                "run {id} is one of workflow `{kept}` and not of `{workflow}`: give the new run another id"
            ),
            Self::ShuttingDown => {
                f.write_str("the orchestrator is shutting down and starts no further run")
            }
            Self::Store { reason } => write!(f, "the run could not be kept: {reason}"),
        }
    }
}

impl Error for StartError {}

/// A run about to be started.
#[derive(Debug)]
#[must_use = "a run starts when this is awaited"]
pub struct Start<W: Workflow> {
    services: Veiled<Services>,
    input: W::Input,
    id: Option<RunId>,
    correlation_id: Option<Arc<str>>,
    priority: Option<u8>,
    workflow: PhantomData<W>,
}

impl<W: Workflow> Start<W> {
    pub(crate) fn new(services: Veiled<Services>, input: W::Input) -> Self {
        Self {
            services,
            input,
            id: None,
            correlation_id: None,
            priority: None,
            workflow: PhantomData,
        }
    }

    /// The run's id; a UUID of version 7 by default.
    ///
    /// A durable run is started once for an id: a second start gives the run that is there.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(RunId::new(id.into()));
        self
    }

    /// What ties this run to others and to the caller's own logs; the run's id by default.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into().into());
        self
    }

    /// Which of the durable runs that wait for room begins first: from 0, the lowest, to 100; what the workflow says by
    /// default. More counts as 100.
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = Some(priority.min(100));
        self
    }

    async fn begin(self) -> Result<RunHandle<W>, StartError> {
        let elsewhere = self.is_driven_elsewhere();
        let mut needs = Vec::new();
        W::needs(&mut needs);
        for need in needs {
            if !self.services.resources.has(need.id) && !elsewhere {
                return Err(StartError::MissingResource {
                    workflow: W::program().spec.name,
                    resource: need.name,
                });
            }
        }
        if let Some((inner, wait)) = W::program().layout().unkept {
            return Err(StartError::unkept(W::SPEC.name, inner, wait));
        }
        if let Some(inner) = W::program().layout().forgotten {
            let (workflow, inner) = (W::SPEC.name, inner.name);
            return Err(StartError::Forgotten { workflow, inner });
        }
        if self.id.as_ref().is_some_and(|id| id.as_str().is_empty()) {
            return Err(StartError::EmptyId);
        }
        let handle = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        if W::SPEC.durable {
            return self.keep().await;
        }
        let run = self
            .services
            .clone()
            .run(W::program(), self.id, self.correlation_id, true);
        let run = Arc::new(run);
        let observer = run.observer.as_deref();
        if let Some(observer) = observer {
            observer.open(&run);
        }
        let streams = observer.map(|observer| Streams::here(observer.outlets()));
        let driver = handle.spawn(execute_observed::<W>(Arc::clone(&run), self.input, None));
        Ok(RunHandle::here(run, driver, streams.unwrap_or_default()))
    }
}

impl<W: Workflow> IntoFuture for Start<W> {
    type Output = Result<RunHandle<W>, StartError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.begin())
    }
}
