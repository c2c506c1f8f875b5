//! What all runs of one orchestrator share.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use orch_core::policy::Policies;
use orch_core::run::RunId;
use tokio::task::AbortHandle;

use crate::durability::Durability;
use crate::engine::layout::Tier;
use crate::engine::run::Run;
#[cfg(feature = "testing")]
use crate::mock::Mocks;
use crate::observe::{Listeners, Observer, Outlets};
use crate::overrides::Overrides;
use crate::policy::Registry;
#[cfg(feature = "cache")]
use crate::policy::cache::{Behind, Cache};
use crate::policy::retry::Random;
use crate::program::Program;
use crate::veil::Veiled;

/// How many items a fan-out may have unless the orchestrator says otherwise.
pub(crate) const MAX_FAN_OUT: usize = 100_000;

/// How many results the cache keeps unless the orchestrator says otherwise.
#[cfg(feature = "cache")]
const CACHE_CAPACITY: u64 = 10_000;

/// What all runs of one orchestrator share.
pub(crate) struct Services {
    pub(crate) resources: Resources,
    /// Made when the first step with a breaker or a limit runs: most runs of their own have none.
    registry: OnceLock<Box<Registry>>,
    pub(crate) listeners: Listeners,
    pub(crate) overrides: Overrides,
    #[cfg(feature = "testing")]
    pub(crate) mocks: Mocks,
    #[cfg(feature = "testing")]
    pub(crate) faults: Option<crate::testing::Faults>,
    pub(crate) max_fan_out: usize,
    durability: OnceLock<Durable>,
    /// Seeded from the operating system when it is first asked for, unless somebody gave a seed.
    random: Mutex<Option<Random>>,
    #[cfg(feature = "cache")]
    capacity: u64,
    /// Where the cache keeps results that are to outlive the process.
    #[cfg(feature = "cache")]
    pub(crate) behind_cache: Option<Behind>,
    /// Made when the first cached step runs.
    #[cfg(feature = "cache")]
    cache: OnceLock<Box<Cache>>,
}

/// The services of a run: its orchestrator's, or its own, made when something asks for them, as in most runs nothing does.
#[derive(Debug, Default)]
pub(crate) struct RunServices(OnceLock<Veiled<Services>>);

impl From<Veiled<Services>> for RunServices {
    fn from(services: Veiled<Services>) -> Self {
        Self(services.into())
    }
}

impl Deref for RunServices {
    type Target = Veiled<Services>;

    fn deref(&self) -> &Veiled<Services> {
        self.0.get_or_init(|| Veiled::new(Services::default()))
    }
}

impl RunServices {
    /// Whether a plain call may be made otherwise than it is written.
    pub(crate) fn meddle(&self) -> bool {
        self.0.get().is_some_and(|services| services.meddle())
    }

    pub(crate) fn max_fan_out(&self) -> usize {
        let services = self.0.get();
        services.map_or(MAX_FAN_OUT, |services| services.max_fan_out)
    }
}

/// Durable runs, which are taken up as long as this is there.
struct Durable {
    durability: Arc<Durability>,
    tasks: Vec<AbortHandle>,
}

impl Drop for Durable {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

impl Default for Services {
    fn default() -> Self {
        Self {
            resources: Resources::default(),
            registry: OnceLock::new(),
            listeners: Listeners::default(),
            overrides: Overrides::default(),
            #[cfg(feature = "testing")]
            mocks: Mocks::default(),
            #[cfg(feature = "testing")]
            faults: None,
            max_fan_out: MAX_FAN_OUT,
            durability: OnceLock::new(),
            random: Mutex::default(),
            #[cfg(feature = "cache")]
            capacity: CACHE_CAPACITY,
            #[cfg(feature = "cache")]
            behind_cache: None,
            #[cfg(feature = "cache")]
            cache: OnceLock::new(),
        }
    }
}

impl Services {
    /// Makes waits with jitter the same each time.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.random = Mutex::new(Some(Random::seeded(seed)));
    }

    fn meddle(&self) -> bool {
        #[cfg(feature = "testing")]
        if self.faults.is_some() {
            return true;
        }
        !self.overrides.is_empty()
    }

    /// What durable runs share; `None` without a store.
    pub(crate) fn durability(&self) -> Option<&Arc<Durability>> {
        self.durability.get().map(|durable| &durable.durability)
    }

    /// The breakers and limits.
    pub(crate) fn registry(&self) -> &Registry {
        self.registry.get_or_init(Box::default)
    }

    /// A source of chance for one call.
    pub(crate) fn random(&self) -> Random {
        self.random
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(Random::unseeded)
            .split()
    }

    /// Keeps results for up to so many calls.
    #[cfg(feature = "cache")]
    pub(crate) fn keep_results(&mut self, capacity: u64) {
        self.capacity = capacity;
    }

    #[cfg(feature = "cache")]
    pub(crate) fn cache(&self) -> Option<&Cache> {
        let make = || {
            let cache = Cache::new(self.capacity);
            Box::new(match &self.behind_cache {
                Some(behind) => cache.before(behind.clone()),
                None => cache,
            })
        };
        (self.capacity > 0).then(|| &**self.cache.get_or_init(make))
    }

    /// What holds for a call: its node's and its step's options under what the orchestrator was configured with.
    pub(crate) fn policies<'a>(&'a self, tier: &'a Tier) -> &'a Policies {
        self.overrides.over(tier)
    }
}

impl Veiled<Services> {
    /// Lets durable runs be taken up.
    pub(crate) fn supervise(&self, durability: Arc<Durability>) {
        let tasks = durability.supervise(self);
        let _ = self.durability.set(Durable { durability, tasks });
    }

    /// A run of this program.
    pub(crate) fn run(
        self,
        program: &'static Program,
        id: Option<RunId>,
        correlation_id: Option<Arc<str>>,
        observed: bool,
    ) -> Run {
        let listens = observed || self.listeners.listen();
        let outlets = listens.then(Arc::default);
        self.run_told(program, id, correlation_id, outlets)
    }

    /// A run of this program whose readers are sent there, if anybody listens.
    pub(crate) fn run_told(
        self,
        program: &'static Program,
        id: Option<RunId>,
        correlation_id: Option<Arc<str>>,
        outlets: Option<Arc<Outlets>>,
    ) -> Run {
        let observer = outlets.map(|outlets| Observer::new(&self, program, outlets));
        let observer = observer.map(Veiled::new);
        Run::new(program, self.into(), id, correlation_id, observer)
    }

    /// A run of this program for which there is nothing else.
    pub(crate) fn run_arc(self, program: &'static Program) -> Arc<Run> {
        Arc::new(self.run(program, None, None, false))
    }

    /// A run of this program inside another run.
    pub(crate) fn child_run(self, program: &'static Program, id: RunId, parent: &Run) -> Run {
        let correlation_id = Arc::clone(parent.correlation_id());
        let child = self.run(
            program,
            Some(id),
            Some(correlation_id),
            parent.observer.is_some(),
        );
        if let (Some(parent), Some(child)) = (&parent.observer, &child.observer) {
            parent.adopt(child);
        }
        child
    }
}

/// Shared things by type: clients, pools, `dyn` traits.
#[derive(Default)]
pub(crate) struct Resources(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Resources {
    pub(crate) fn insert<R: ?Sized + Send + Sync + 'static>(&mut self, resource: Arc<R>) {
        self.0.insert(TypeId::of::<R>(), Box::new(resource));
    }

    pub(crate) fn get<R: ?Sized + Send + Sync + 'static>(&self) -> Option<&R> {
        let resource = self.0.get(&TypeId::of::<R>())?;
        resource
            .downcast_ref::<Arc<R>>()
            .map(|resource| &**resource)
    }

    pub(crate) fn has(&self, id: TypeId) -> bool {
        self.0.contains_key(&id)
    }
}
