//! The orchestrator: what its runs share, and how they are started and steered.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use orch_core::error::{NodeError, RunError};
use orch_core::plan::{Callee, NodeKind, ScopeSpec, WorkflowSpec};
use orch_core::run::{Progress, RunEvent, RunId};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use crate::engine::execute_observed;
use crate::engine::run::{Halt, Run};
use crate::engine::strand::panic_message;
#[cfg(feature = "testing")]
use crate::mock::Mock;
use crate::observe::Emission;
use crate::policy::Owner;
use crate::policy::breaker::Breaker;
use crate::program::{Program, Workflow};
use crate::services::Services;
use crate::step::Resource;
use crate::veil::Veiled;

/// Starts runs that share resources, caches, limits and breakers, and lets operators see and steer them.
///
/// Cheap to clone. Two orchestrators share nothing. Dropping the last clone lets runs under way go on to their end.
#[derive(Debug, Clone)]
pub struct Orchestrator {
    services: Veiled<Services>,
    workflows: Arc<[&'static Program]>,
}

/// Gathers what an [`Orchestrator`] is to have.
#[derive(Debug, Default)]
pub struct Builder {
    services: Services,
    programs: Vec<&'static Program>,
    needs: Vec<(&'static str, Vec<Resource>)>,
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
        Start {
            services: self.services.clone(),
            input,
            id: None,
            correlation_id: None,
            workflow: PhantomData,
        }
    }

    /// Runs a workflow to its end inside the caller's task: dropping the future cancels the run.
    #[cfg(feature = "testing")]
    pub(crate) async fn run_here<W: Workflow>(
        &self,
        input: W::Input,
    ) -> Result<W::Output, RunError<W::Error>> {
        let run = self.services.clone().run_arc(W::program());
        execute_observed::<W>(run, input).await
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

impl Builder {
    /// Registers a workflow, so that what it lacks is found when the orchestrator is built.
    #[must_use]
    pub fn workflow<W: Workflow>(mut self, _workflow: W) -> Self {
        let program = W::program();
        if self
            .programs
            .iter()
            .any(|known| std::ptr::eq(*known, program))
        {
            return self;
        }
        let mut needs = Vec::new();
        W::needs(&mut needs);
        self.needs.push((program.spec.name, needs));
        self.programs.push(program);
        self
    }

    /// Gives steps a shared thing by its type: a client, a pool, a configuration.
    #[must_use]
    pub fn resource<R: Send + Sync + 'static>(self, resource: R) -> Self {
        self.shared(Arc::new(resource))
    }

    /// Gives steps a shared thing that is an `Arc` already, a `dyn` trait's among them.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use orch_runtime::orchestrator::Orchestrator;
    /// trait Mailer: Send + Sync {}
    /// struct Smtp;
    /// impl Mailer for Smtp {}
    /// let builder = Orchestrator::builder().shared::<dyn Mailer>(Arc::new(Smtp));
    /// ```
    #[must_use]
    pub fn shared<R: ?Sized + Send + Sync + 'static>(mut self, resource: Arc<R>) -> Self {
        self.services.resources.insert(resource);
        self
    }

    /// Calls `handler` with every failed node; handlers of one kind are called in the order in which they were given.
    #[must_use]
    pub fn on_error(mut self, handler: impl Fn(&NodeError) + Send + Sync + 'static) -> Self {
        self.services.listeners.on_error.push(Box::new(handler));
        self
    }

    /// Calls `handler` whenever a node starts or ends.
    #[must_use]
    pub fn on_progress(mut self, handler: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.services.listeners.on_progress.push(Box::new(handler));
        self
    }

    /// Calls `handler` with everything that happens.
    #[must_use]
    pub fn on_event(mut self, handler: impl Fn(&RunEvent) + Send + Sync + 'static) -> Self {
        self.services.listeners.on_event.push(Box::new(handler));
        self
    }

    /// How many items a fan-out may have; 100,000 by default.
    #[must_use]
    pub fn max_fan_out(mut self, items: usize) -> Self {
        self.services.max_fan_out = items;
        self
    }

    /// How many results the cache keeps; 10,000 by default, and 0 switches it off.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache_capacity(mut self, results: u64) -> Self {
        self.services.keep_results(results);
        self
    }

    /// Makes the jitter of backoffs the same each time.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.services.seed(seed);
        self
    }

    /// Overrides an option of a node or of a step in one workflow: `("Checkout.charge.timeout", "5s")`.
    ///
    /// `timeout`, `deadline` and `retries` take what they take in the code; `cache` takes `off`.
    /// A setting for a node wins over one for its step, and of equal ones the last.
    /// What the key or the value gets wrong is reported by [`build`](Self::build).
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.services.overrides.add(key.into(), value.into());
        self
    }

    /// Overrides options from environment variables: `ORCH__CHECKOUT__CHARGE__TIMEOUT=5s` for the prefix `ORCH`.
    ///
    /// Every variable that begins with the prefix and two underscores counts, in whichever case, and one that does not
    /// fit is reported by [`build`](Self::build).
    #[must_use]
    pub fn set_from_env(mut self, prefix: &str) -> Self {
        // What is not Unicode fits nothing, and is reported as the rest is.
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let variables = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
        self.services.overrides.add_variables(prefix, variables);
        self
    }

    /// Puts a stand-in in a step's place, for a test: `fetch_rates::mock(|day| …)`.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn mock(mut self, mock: Mock) -> Self {
        self.services.mocks.insert(mock);
        self
    }

    /// The orchestrator.
    ///
    /// # Errors
    /// Lists every problem at once: resources that registered workflows want and that were not given, policies shared
    /// by one name with different settings, overrides that fit nothing, two workflows of one name.
    pub async fn build(mut self) -> Result<Orchestrator, BuildError> {
        let mut problems = Vec::new();
        for (workflow, needs) in &self.needs {
            for need in needs {
                if !self.services.resources.has(need.id) {
                    let name = need.name;
                    problems.push(format!(
                        "workflow `{workflow}` wants a resource of type `{name}`: give one with `.resource(…)` or `.shared(…)`"
                    ));
                }
            }
        }
        for (idx, program) in self.programs.iter().enumerate() {
            let name = program.spec.name;
            if self.programs[..idx]
                .iter()
                .any(|other| other.spec.name == name)
            {
                problems.push(format!("two workflows are named `{name}`"));
            }
            conflicts(&self.services, program.spec.scope, &mut problems);
        }
        problems.extend(self.services.overrides.resolve(&self.programs));
        let mut told = HashSet::new();
        problems.retain(|problem| told.insert(problem.clone()));
        if !problems.is_empty() {
            return Err(BuildError { problems });
        }
        Ok(Orchestrator {
            services: Veiled::new(self.services),
            workflows: self.programs.into(),
        })
    }
}

/// Adds what shares a name with other settings, in the workflows inside as well.
fn conflicts(services: &Services, scope: &ScopeSpec, problems: &mut Vec<String>) {
    for node in scope.nodes {
        let callees = match &node.kind {
            NodeKind::Call(callees) => *callees,
            NodeKind::Repeat { callee, .. } => std::slice::from_ref(callee),
            NodeKind::For { body, .. } => {
                conflicts(services, body, problems);
                continue;
            }
            NodeKind::Branch { arms, .. } => {
                for arm in *arms {
                    conflicts(services, arm.body, problems);
                }
                continue;
            }
        };
        for callee in callees {
            let policies = node.policies.over(callee.policies());
            let resolved = services.registry().resolve(Owner::from(*callee), &policies);
            let found = resolved.err().into_iter().flatten();
            problems.extend(found.map(|conflict| conflict.to_string()));
            if let Callee::Workflow(spec) = callee {
                conflicts(services, spec().scope, problems);
            }
        }
    }
}

/// Why an orchestrator could not be built: every problem that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    problems: Vec<String>,
}

impl BuildError {
    /// Each problem in words.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the orchestrator cannot be built: {}",
            self.problems.join("; ")
        )
    }
}

impl Error for BuildError {}

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
}

impl StartError {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingResource { .. } => "missing_resource",
            Self::NoRuntime => "no_runtime",
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
    workflow: PhantomData<W>,
}

impl<W: Workflow> Start<W> {
    /// The run's id; a UUID of version 7 by default.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(RunId::new(id.into()));
        self
    }

    /// What ties this run to others and to the caller's own logs; the run's id by default.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into().into());
        self
    }

    fn begin(self) -> Result<RunHandle<W>, StartError> {
        let mut needs = Vec::new();
        W::needs(&mut needs);
        for need in needs {
            if !self.services.resources.has(need.id) {
                return Err(StartError::MissingResource {
                    workflow: W::program().spec.name,
                    resource: need.name,
                });
            }
        }
        let handle = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let run = self
            .services
            .run(W::program(), self.id, self.correlation_id, true);
        let run = Arc::new(run);
        let observer = run.observer.as_deref();
        if let Some(observer) = observer {
            observer.open(&run);
        }
        let emissions = observer.map(crate::observe::Observer::take_emissions);
        let progress = observer.and_then(crate::observe::Observer::watch_progress);
        let driver = handle.spawn(execute_observed::<W>(Arc::clone(&run), self.input));
        Ok(RunHandle {
            run,
            driver,
            emissions,
            progress,
        })
    }
}

impl<W: Workflow> IntoFuture for Start<W> {
    type Output = Result<RunHandle<W>, StartError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.begin() })
    }
}

/// A run that was started. Dropping the handle lets the run go on.
#[derive(Debug)]
pub struct RunHandle<W: Workflow> {
    run: Arc<Run>,
    driver: JoinHandle<Result<W::Output, RunError<W::Error>>>,
    emissions: Option<mpsc::UnboundedReceiver<Emission>>,
    progress: Option<watch::Receiver<Option<Progress>>>,
}

impl<W: Workflow> RunHandle<W> {
    /// The run's id.
    #[must_use]
    pub fn id(&self) -> &RunId {
        self.run.id()
    }

    /// What ties this run to others and to the caller's own logs.
    #[must_use]
    pub fn correlation_id(&self) -> &str {
        self.run.correlation_id()
    }

    /// Whether the run has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.driver.is_finished()
    }

    /// Stops the run: what is under way is dropped, `finally` nodes run, and the result is `RunError::Cancelled`.
    ///
    /// A run that has ended stays as it ended.
    pub fn cancel(&self, reason: impl Into<String>) {
        self.run.halt(Halt::Cancelled(reason.into()));
    }

    /// Waits for the run's end and gives its result.
    ///
    /// # Errors
    /// If the run failed, was cancelled or ran out of time.
    pub async fn result(self) -> Result<W::Output, RunError<W::Error>> {
        let Self { run, driver, .. } = self;
        driver.await.unwrap_or_else(|ended| {
            let reason = match ended.try_into_panic() {
                Ok(panic) => format!("its task panicked: {}", panic_message(&*panic)),
                Err(_) => "its runtime was shut down".to_owned(),
            };
            let workflow = run.program.spec.name;
            Err(RunError::cancelled(
                run.id().clone(),
                workflow,
                reason,
                run.errors(),
            ))
        })
    }

    /// The partial results that steps stream with `ctx.emit(…)`, from the first one on; they end with the run.
    ///
    /// Gives them once: a second call gives none.
    pub fn emissions(&mut self) -> Emissions {
        Emissions(self.emissions.take())
    }

    /// How far the run is, each time that changes; a slow reader gets the latest.
    #[must_use]
    pub fn progress(&self) -> ProgressStream {
        let observed = self.run.observer.as_deref().zip(self.progress.as_ref());
        ProgressStream(
            observed.map(|(observer, progress)| observer.read_progress(&self.run, progress)),
        )
    }

    /// What happens in the run from now on; a reader that falls 1,024 events behind misses some.
    #[must_use]
    pub fn events(&self) -> Events {
        Events(
            self.run
                .observer
                .as_deref()
                .and_then(crate::observe::Observer::subscribe),
        )
    }
}

/// Partial results in the order in which they were streamed.
#[derive(Debug)]
pub struct Emissions(Option<mpsc::UnboundedReceiver<Emission>>);

impl Emissions {
    /// The next one; `None` when the run has ended.
    pub async fn next(&mut self) -> Option<Emission> {
        self.0.as_mut()?.recv().await
    }
}

/// How far a run is.
#[derive(Debug)]
pub struct ProgressStream(Option<watch::Receiver<Option<Progress>>>);

impl ProgressStream {
    /// The next change; `None` when the run has ended and its last state was given.
    pub async fn next(&mut self) -> Option<Progress> {
        let receiver = self.0.as_mut()?;
        loop {
            receiver.changed().await.ok()?;
            if let Some(progress) = receiver.borrow_and_update().clone() {
                return Some(progress);
            }
        }
    }
}

/// What happens in a run.
#[derive(Debug)]
pub struct Events(Option<broadcast::Receiver<RunEvent>>);

impl Events {
    /// The next event; `None` when the run has ended. Events that were missed are passed over.
    pub async fn next(&mut self) -> Option<RunEvent> {
        let receiver = self.0.as_mut()?;
        loop {
            match receiver.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
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
        let run = Veiled::new(Services::default()).run_arc(W::program());
        execute_observed::<W>(run, input).await
    }
}
