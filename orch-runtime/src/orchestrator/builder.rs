//! Gathering what an orchestrator is to have.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use orch_core::error::NodeError;
use orch_core::plan::{Callee, NodeKind, ScopeSpec};
use orch_core::run::{Progress, RunEvent, RunStatus};

use super::Orchestrator;
use super::start::StartError;
use crate::durability::{ACTIVE_RUNS, Clock, Durability, Registered, Settings, VALUE_LIMIT};
#[cfg(feature = "testing")]
use crate::mock::Mock;
use crate::observe::tracing;
use crate::policy::Owner;
use crate::policy::breaker::{self, Keeping};
#[cfg(feature = "cache")]
use crate::policy::cache::{Behind, BesideRuns, CacheStore};
use crate::program::{Program, Workflow};
use crate::services::Services;
use crate::step::Resource;
#[cfg(feature = "testing")]
use crate::store::Millis;
use crate::store::Store;
use crate::veil::Veiled;

/// When virtual time begins: the first second of 2026.
#[cfg(feature = "testing")]
const VIRTUAL_EPOCH: Millis = 1_767_225_600_000;

/// Gathers what an [`Orchestrator`] is to have.
#[derive(Debug, Default)]
pub struct Builder {
    services: Services,
    store: Option<Arc<dyn Store>>,
    durable: HashMap<&'static str, Registered>,
    value_limit: Option<usize>,
    active_runs: Option<usize>,
    retain: Vec<(RunStatus, Duration)>,
    stuck_after: Option<Duration>,
    #[cfg(feature = "cache")]
    results: Results,
    #[cfg(feature = "testing")]
    virtual_time: Option<Millis>,
    programs: Vec<&'static Program>,
    needs: Vec<(&'static str, Vec<Resource>)>,
}

/// Where the cache keeps results.
#[cfg(feature = "cache")]
#[derive(Debug, Default)]
enum Results {
    #[default]
    InMemory,
    BesideRuns,
    In(Arc<dyn CacheStore>),
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
        if program.spec.durable {
            self.durable
                .entry(program.spec.name)
                .or_insert_with(Registered::of::<W>);
        }
        self.programs.push(program);
        self
    }

    /// Keeps durable runs in this store.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// How many bytes of JSON a recorded value may have; 262,144 by default.
    #[must_use]
    pub fn value_limit(mut self, bytes: usize) -> Self {
        self.value_limit = Some(bytes);
        self
    }

    /// How many durable runs may be under way at once, those that wait left aside; 1,000 by default.
    /// Others are queued, durably: those of the highest priority go first, and none waits forever.
    ///
    /// With 0 no run is driven here, for a process that starts and steers runs which others drive: its workflows are
    /// registered without the resources that their steps want.
    #[must_use]
    pub fn max_active_runs(mut self, runs: usize) -> Self {
        self.active_runs = Some(runs);
        self
    }

    /// Forgets durable runs of a status by itself, so long after they ended; for ever they are kept by default.
    ///
    /// Runs that have not ended are never forgotten, and [`build`](Self::build) reports a status that is none of an end,
    /// or that was given twice.
    /// A run is forgotten at most a minute late, with all that was recorded of it; under its id another one can be
    /// started then.
    /// It is enough if one of the processes on a store does this; it may be one that drives nothing.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use orch_core::run::RunStatus;
    /// # use orch_runtime::orchestrator::Orchestrator;
    /// const DAY: Duration = Duration::from_secs(86_400);
    /// let builder = Orchestrator::builder()
    ///     .retain(RunStatus::Completed, 7 * DAY)
    ///     .retain(RunStatus::Failed, 90 * DAY);
    /// ```
    #[must_use]
    pub fn retain(mut self, status: RunStatus, age: Duration) -> Self {
        self.retain.push((status, age));
        self
    }

    /// How long a durable run may stand still before that is told, once, by an event
    /// [`run_stuck`](orch_core::run::RunEventKind::RunStuck) and a warning: nothing of it has begun or ended, and
    /// something is under way that does not wait for a time, a signal or a decision.
    ///
    /// By default three times what 99 of 100 calls of the workflow's steps took here, at least a minute; ten minutes
    /// while fewer than a hundred calls are known. What `#[workflow(stuck_after = "5m")]` says goes before this.
    #[must_use]
    pub fn stuck_after(mut self, patience: Duration) -> Self {
        self.stuck_after = Some(patience);
        self
    }

    /// Lets the times of durable runs be those of the runtime, whose clock a test has paused: thirty days are over as
    /// soon as nothing else is to do. What is recorded is committed at once, by the task that records it.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn virtual_time(mut self) -> Self {
        self.virtual_time = Some(VIRTUAL_EPOCH);
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

    /// Keeps the results of cached steps in the orchestrator's [store](Self::store), so that they survive the process and
    /// are shared by all that have the store open; in memory by default.
    ///
    /// Results are kept as JSON. A step whose output does not serialize, or refers to an [`Artifact`], has its results
    /// in memory all the same, and so have values of steps' own. What has expired is removed some time after, and a
    /// result that no longer fits its step's output is computed anew. A store that fails makes steps compute, and a
    /// warning says so.
    ///
    /// [`Artifact`]: crate::artifact::Artifact
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn stored_cache(mut self) -> Self {
        self.results = Results::BesideRuns;
        self
    }

    /// The same in another store than the one of runs.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache_store(mut self, store: impl CacheStore) -> Self {
        self.results = Results::In(Arc::new(store));
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

    /// Lets things go wrong, for a test, the same for the same seed.
    ///
    /// A run that is killed is given up by those who wait for it, `RunError::Interrupted`, and goes on by itself:
    /// whoever starts it again, under its id, waits for its end.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn faults(mut self, faults: crate::testing::Faults) -> Self {
        self.services.faults = Some(faults);
        self
    }

    /// Keeps durable runs in this store, unless there is one.
    #[cfg(feature = "testing")]
    pub(crate) fn store_by_default(mut self, store: impl Store) -> Self {
        self.store.get_or_insert_with(|| Arc::new(store));
        self
    }

    /// The orchestrator.
    ///
    /// # Errors
    /// Lists every problem at once: resources that registered workflows want and that were not given, policies shared
    /// by one name with different settings, overrides that fit nothing, two workflows of one name, a status that runs
    /// cannot be forgotten by.
    pub async fn build(mut self) -> Result<Orchestrator, BuildError> {
        let mut problems = Vec::new();
        let drives = self.active_runs != Some(0);
        for (workflow, needs) in &self.needs {
            let durable = self.durable.contains_key(workflow);
            for need in needs {
                if !self.services.resources.has(need.id) && (drives || !durable) {
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
            if let Some((inner, wait)) = program.layout().unkept {
                problems.push(StartError::unkept(name, inner, wait).to_string());
            }
            if let Some(inner) = program.layout().forgotten {
                let (workflow, inner) = (name, inner.name);
                problems.push(StartError::Forgotten { workflow, inner }.to_string());
            }
        }
        problems.extend(self.services.overrides.resolve(&self.programs));
        for (idx, (status, _)) in self.retain.iter().enumerate() {
            let word = status.as_str();
            if !status.is_ended() {
                problems.push(format!(
                    "a run that is `{word}` has not ended and is never forgotten: `retain` takes the status of one that has"
                ));
            } else if self.retain[..idx].iter().any(|(other, _)| other == status) {
                problems.push(format!("`retain` is given twice for `{word}`"));
            }
        }
        #[cfg(feature = "cache")]
        if matches!(self.results, Results::BesideRuns) && self.store.is_none() {
            problems.push(
                "`stored_cache` keeps results in the orchestrator's store, and there is none: give one with `.store(…)`, or say `.cache_store(…)`".to_owned(),
            );
        }
        let mut told = HashSet::new();
        problems.retain(|problem| told.insert(problem.clone()));
        if !problems.is_empty() {
            return Err(BuildError { problems });
        }
        for spec in self.programs.iter().map(|program| program.spec) {
            if let Some(note) = spec.deprecated {
                tracing::warn!(
                    target: "orch",
                    event = "workflow_deprecated",
                    workflow = spec.name,
                    version = spec.version,
                    note,
                );
            }
        }
        let durability = self.join().await?;
        #[cfg(feature = "cache")]
        self.keep_results(durability.as_deref());
        if let Some(durability) = &durability {
            keep_breakers(&self.services, durability).await?;
        }
        let services = Veiled::new(self.services);
        if let Some(durability) = durability {
            services.supervise(durability);
        }
        Ok(Orchestrator {
            services,
            workflows: self.programs.into(),
        })
    }

    /// Gives the cache the store that it is to keep results in.
    #[cfg(feature = "cache")]
    fn keep_results(&mut self, durability: Option<&Durability>) {
        let store: Arc<dyn CacheStore> = match (std::mem::take(&mut self.results), durability) {
            (Results::In(store), _) => store,
            (Results::BesideRuns, Some(durability)) => {
                Arc::new(BesideRuns(Arc::clone(&durability.store)))
            }
            _ => return,
        };
        let clock = self.clock();
        let direct = matches!(clock, Clock::Runtime { .. });
        self.services.behind_cache = Some(Behind::new(store, clock, direct));
    }

    /// The time of day, or a test's.
    fn clock(&self) -> Clock {
        #[cfg(feature = "testing")]
        return self.virtual_time.map_or(Clock::System, Clock::of_runtime);
        #[cfg(not(feature = "testing"))]
        Clock::System
    }

    /// Joins the store, if there is one.
    async fn join(&mut self) -> Result<Option<Arc<Durability>>, BuildError> {
        let Some(store) = self.store.take() else {
            return Ok(None);
        };
        #[cfg(feature = "testing")]
        let store = match &self.services.faults {
            Some(faults) => faults.before(store),
            None => store,
        };
        let clock = self.clock();
        let settings = Settings {
            store,
            clock,
            value_limit: self.value_limit.unwrap_or(VALUE_LIMIT),
            active_runs: self.active_runs.unwrap_or(ACTIVE_RUNS),
            retain: std::mem::take(&mut self.retain),
            stuck_after: self.stuck_after,
            direct: matches!(clock, Clock::Runtime { .. }),
        };
        let durable = std::mem::take(&mut self.durable);
        let joined = if settings.direct {
            Durability::join(settings, durable)
        } else {
            let join = move || Durability::join(settings, durable);
            let joining = tokio::task::spawn_blocking(join).await;
            joining.unwrap_or_else(|error| Err(vec![error.to_string()]))
        };
        joined.map(Some).map_err(|problems| BuildError { problems })
    }
}

/// Lets breakers go on as they were when they were last heard of, and keeps their states from now on.
async fn keep_breakers(
    services: &Services,
    durability: &Arc<Durability>,
) -> Result<(), BuildError> {
    let now = durability.clock.now();
    let before = durability.journal.scan(breaker::SPACE, now).await;
    let before = before.map_err(|error| BuildError {
        problems: vec![format!(
            "the states of its breakers cannot be read: {error}"
        )],
    })?;
    // Weak, as who holds a breaker is to keep no store open.
    let keeper = Arc::downgrade(durability);
    let keeping = Keeping::new(before, durability.clock, move |change| {
        if let Some(durability) = keeper.upgrade() {
            durability.journal.submit_and_forget(change);
        }
    });
    services.registry().keep_breakers(Arc::new(keeping));
    Ok(())
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
            NodeKind::Signal { .. } | NodeKind::Sleep { .. } => continue,
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
    #[cfg(feature = "testing")]
    pub(crate) fn of(problem: String) -> Self {
        Self {
            problems: vec![problem],
        }
    }

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
