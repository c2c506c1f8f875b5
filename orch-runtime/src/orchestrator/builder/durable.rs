//! What durable runs are to have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use orch_core::run::RunStatus;

use super::{BuildError, Builder};
use crate::durability::{ACTIVE_RUNS, Clock, Durability, Registered, Settings, VALUE_LIMIT};
use crate::policy::breaker::{self, Keeping};
#[cfg(feature = "cache")]
use crate::policy::cache::{Behind, BesideRuns, CacheStore};
use crate::program::Workflow;
use crate::services::Services;
#[cfg(feature = "testing")]
use crate::store::Millis;
use crate::store::Store;
use crate::veil::Veiled;

/// When virtual time begins: the first second of 2026.
#[cfg(feature = "testing")]
const VIRTUAL_EPOCH: Millis = 1_767_225_600_000;

/// What durable runs are to have.
#[derive(Debug, Default)]
pub(super) struct Durable {
    store: Option<Arc<dyn Store>>,
    workflows: HashMap<&'static str, Registered>,
    value_limit: Option<usize>,
    active_runs: Option<usize>,
    retain: Vec<(RunStatus, Duration)>,
    stuck_after: Option<Duration>,
    #[cfg(feature = "cache")]
    results: Results,
    #[cfg(feature = "testing")]
    virtual_time: Option<Millis>,
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
    /// Keeps durable runs in this store.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.durable.store = Some(Arc::new(store));
        self
    }

    /// How many bytes of JSON a recorded value may have; 262,144 by default.
    #[must_use]
    pub fn value_limit(mut self, bytes: usize) -> Self {
        self.durable.value_limit = Some(bytes);
        self
    }

    /// How many durable runs may be under way at once, those that wait left aside; 1,000 by default.
    /// Others are queued, durably: those of the highest priority go first, and none waits forever.
    ///
    /// With 0 no run is driven here, for a process that starts and steers runs which others drive: its workflows are
    /// registered without the resources that their steps want.
    #[must_use]
    pub fn max_active_runs(mut self, runs: usize) -> Self {
        self.durable.active_runs = Some(runs);
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
        self.durable.retain.push((status, age));
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
        self.durable.stuck_after = Some(patience);
        self
    }

    /// Lets the times of durable runs be those of the runtime, whose clock a test has paused: thirty days are over as
    /// soon as nothing else is to do. What is recorded is committed at once, by the task that records it.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn virtual_time(mut self) -> Self {
        self.durable.virtual_time = Some(VIRTUAL_EPOCH);
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
        self.durable.results = Results::BesideRuns;
        self
    }

    /// The same in another store than the one of runs.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache_store(mut self, store: impl CacheStore) -> Self {
        self.durable.results = Results::In(Arc::new(store));
        self
    }

    /// Keeps durable runs in this store, unless there is one.
    #[cfg(feature = "testing")]
    pub(crate) fn store_by_default(mut self, store: impl Store) -> Self {
        self.durable.store.get_or_insert_with(|| Arc::new(store));
        self
    }
}

impl Durable {
    /// Has runs of a workflow taken up, if it is durable.
    pub(super) fn register<W: Workflow>(&mut self) {
        if W::SPEC.durable {
            self.workflows
                .entry(W::SPEC.name)
                .or_insert_with(Registered::of::<W>);
        }
    }

    /// Whether runs of this workflow are driven here.
    pub(super) fn runs_here(&self, workflow: &str) -> bool {
        self.active_runs != Some(0) || !self.workflows.contains_key(workflow)
    }

    /// Adds what is wrong.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
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
    }

    /// Joins the store, if there is one, and lets durable runs be taken up.
    pub(super) async fn join(
        mut self,
        #[cfg_attr(not(feature = "cache"), expect(unused_mut, reason = "of the cache"))]
        mut services: Services,
    ) -> Result<Veiled<Services>, BuildError> {
        let durability = self.joined(&services).await?;
        #[cfg(feature = "cache")]
        self.keep_results(&mut services, durability.as_deref());
        if let Some(durability) = &durability {
            keep_breakers(&services, durability).await?;
        }
        let services = Veiled::new(services);
        if let Some(durability) = durability {
            services.supervise(durability);
        }
        Ok(services)
    }

    /// Gives the cache the store that it is to keep results in.
    #[cfg(feature = "cache")]
    fn keep_results(&mut self, services: &mut Services, durability: Option<&Durability>) {
        let store: Arc<dyn CacheStore> = match (std::mem::take(&mut self.results), durability) {
            (Results::In(store), _) => store,
            (Results::BesideRuns, Some(durability)) => {
                Arc::new(BesideRuns(Arc::clone(&durability.store)))
            }
            _ => return,
        };
        let clock = self.clock();
        let direct = matches!(clock, Clock::Runtime { .. });
        services.behind_cache = Some(Behind::new(store, clock, direct));
    }

    /// The time of day, or a test's.
    fn clock(&self) -> Clock {
        #[cfg(feature = "testing")]
        return self.virtual_time.map_or(Clock::System, Clock::of_runtime);
        #[cfg(not(feature = "testing"))]
        Clock::System
    }

    /// Joins the store, if there is one.
    async fn joined(&mut self, services: &Services) -> Result<Option<Arc<Durability>>, BuildError> {
        let Some(store) = self.store.take() else {
            return Ok(None);
        };
        #[cfg(not(feature = "testing"))]
        let _ = services;
        #[cfg(feature = "testing")]
        let store = match &services.faults {
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
        let workflows = std::mem::take(&mut self.workflows);
        let joined = if settings.direct {
            Durability::join(settings, workflows)
        } else {
            let join = move || Durability::join(settings, workflows);
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
