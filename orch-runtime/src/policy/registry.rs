//! The policy instances of one orchestrator.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use orch_core::plan::Callee;
#[cfg(feature = "rate-limit")]
use orch_core::policy::RateLimit;
use orch_core::policy::{BreakerPolicy, Concurrency, Policies};
#[cfg(feature = "serde")]
use serde::Serialize;

use super::breaker::{Breaker, Keeping};
use super::concurrency::Limiter;
#[cfg(feature = "rate-limit")]
use super::rate_limit::RateLimiter;

/// The breakers and limits of one orchestrator.
///
/// An instance that has a name is shared by all who name it; one that has none belongs to its step
/// alone, and to those of its uses that have the same settings. Nothing is shared between registries.
///
/// ```
/// use orch_core::policy::{Concurrency, Policies};
/// use orch_runtime::policy::{Conflict, Registry};
/// use std::sync::Arc;
///
/// # fn main() -> Result<(), Conflict> {
/// let registry = Registry::default();
/// let shared = |max| Concurrency { max, name: Some("printer") };
/// let of_labels = registry.limiter("print_label", shared(2))?;
/// let of_letters = registry.limiter("print_letter", shared(2))?;
/// assert!(Arc::ptr_eq(&of_labels, &of_letters));
///
/// let policies = Policies { concurrency: Some(shared(3)), ..Policies::NONE };
/// let conflicts = registry.resolve("print_poster", &policies).unwrap_err();
/// assert_eq!(
///     conflicts[0].to_string(),
///     "the concurrency limit `printer` is declared with different settings: max 2, and max 3",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Registry {
    breakers: Pool<Breaker>,
    /// Where the states of breakers are kept, if they are to outlive the process.
    keeping: OnceLock<Arc<Keeping>>,
    limiters: Pool<Limiter>,
    #[cfg(feature = "rate-limit")]
    rate_limiters: Pool<RateLimiter>,
}

/// Whose instance it is that has no name to be shared under.
///
/// A name alone is an owner of that name, defined nowhere in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The step's name, which its instances are called by.
    pub name: &'a str,
    /// The path of its function, which tells it from another step of this name.
    pub path: &'a str,
}

impl<'a> From<&'a str> for Owner<'a> {
    fn from(name: &'a str) -> Self {
        Self { name, path: "" }
    }
}

impl From<Callee> for Owner<'static> {
    fn from(callee: Callee) -> Self {
        let path = match callee {
            Callee::Step(step) => step.function,
            Callee::Workflow(spec) => spec().module,
        };
        Self {
            name: callee.name(),
            path,
        }
    }
}

/// The instances that one use of a step goes through, so that nothing is looked up while it runs.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Instances {
    /// Its breaker, if it has one.
    pub breaker: Option<Arc<Breaker>>,
    /// Its concurrency limit, if it has one.
    pub limiter: Option<Arc<Limiter>>,
    /// Its rate limit, if it has one.
    #[cfg(feature = "rate-limit")]
    pub rate_limiter: Option<Arc<RateLimiter>>,
}

impl Registry {
    /// All instances that these policies of `step` ask for, made where they are not there yet.
    ///
    /// # Errors
    /// Every name among them that is shared with other settings.
    pub fn resolve<'a>(
        &self,
        step: impl Into<Owner<'a>>,
        policies: &Policies,
    ) -> Result<Instances, Vec<Conflict>> {
        let step = step.into();
        let mut conflicts = Vec::new();
        let instances = Instances {
            breaker: keep(
                policies.breaker.map(|policy| self.breaker(step, policy)),
                &mut conflicts,
            ),
            limiter: keep(
                policies
                    .concurrency
                    .map(|policy| self.limiter(step, policy)),
                &mut conflicts,
            ),
            #[cfg(feature = "rate-limit")]
            rate_limiter: keep(
                policies
                    .rate_limit
                    .map(|policy| self.rate_limiter(step, policy)),
                &mut conflicts,
            ),
        };
        if conflicts.is_empty() {
            Ok(instances)
        } else {
            Err(conflicts)
        }
    }

    /// The breaker of this step, or the one shared under the policy's name.
    ///
    /// # Errors
    /// The name is shared with other settings.
    pub fn breaker<'a>(
        &self,
        step: impl Into<Owner<'a>>,
        policy: BreakerPolicy,
    ) -> Result<Arc<Breaker>, Conflict> {
        let step = step.into();
        let breaker = self.breakers.instance(step, policy)?;
        if let Some(keeping) = self.keeping.get() {
            breaker.keep(keeping, step.path);
        }
        Ok(breaker)
    }

    /// Keeps the states of breakers from now on; those that there are go on as they were.
    pub(crate) fn keep_breakers(&self, keeping: Arc<Keeping>) {
        // First, so that those that are made meanwhile are kept as well.
        let keeping = self.keeping.get_or_init(|| keeping);
        self.breakers.read(|members| {
            for breaker in members.shared.values() {
                breaker.keep(keeping, "");
            }
            for private in members.private.values().flatten() {
                private.instance.keep(keeping, &private.path);
            }
        });
    }

    /// The concurrency limit of this step, or the one shared under the policy's name.
    ///
    /// # Errors
    /// The name is shared with other settings.
    pub fn limiter<'a>(
        &self,
        step: impl Into<Owner<'a>>,
        policy: Concurrency,
    ) -> Result<Arc<Limiter>, Conflict> {
        self.limiters.instance(step.into(), policy)
    }

    /// The rate limit of this step, or the one shared under the policy's name.
    ///
    /// # Errors
    /// The name is shared with other settings.
    #[cfg(feature = "rate-limit")]
    pub fn rate_limiter<'a>(
        &self,
        step: impl Into<Owner<'a>>,
        policy: RateLimit,
    ) -> Result<Arc<RateLimiter>, Conflict> {
        self.rate_limiters.instance(step.into(), policy)
    }

    /// All breakers, ordered by name.
    #[must_use]
    pub fn breakers(&self) -> Vec<Arc<Breaker>> {
        self.breakers.all()
    }

    /// The breaker that is shared under this name, or else the one of the step of this name.
    ///
    /// Where there is more than one, of steps of the same name or of uses with different settings, it is the one that was
    /// made first.
    #[must_use]
    pub fn breaker_named(&self, name: &str) -> Option<Arc<Breaker>> {
        self.breakers.named(name)
    }

    /// All concurrency limits, ordered by name.
    #[must_use]
    pub fn limiters(&self) -> Vec<Arc<Limiter>> {
        self.limiters.all()
    }

    /// All rate limits, ordered by name.
    #[cfg(feature = "rate-limit")]
    #[must_use]
    pub fn rate_limiters(&self) -> Vec<Arc<RateLimiter>> {
        self.rate_limiters.all()
    }
}

fn keep<T>(found: Option<Result<T, Conflict>>, conflicts: &mut Vec<Conflict>) -> Option<T> {
    found?.map_err(|conflict| conflicts.push(conflict)).ok()
}

/// A kind of policy that can be shared by name.
trait Instance {
    type Policy: Copy + PartialEq;
    const KIND: Kind;

    fn make(name: &str, policy: Self::Policy) -> Self;
    fn name(&self) -> &str;
    fn policy(&self) -> &Self::Policy;
    /// The name that the policy is shared under.
    fn shared(policy: &Self::Policy) -> Option<&'static str>;
    /// The settings in words.
    fn settings(policy: &Self::Policy) -> String;
}

/// The instances of one kind.
#[derive(Debug)]
struct Pool<T> {
    members: RwLock<Members<T>>,
}

#[derive(Debug)]
struct Members<T> {
    shared: HashMap<&'static str, Arc<T>>,
    /// Of the steps of each name, an instance for each path and each of the settings that its uses have.
    private: HashMap<Box<str>, Vec<Private<T>>>,
}

#[derive(Debug)]
struct Private<T> {
    path: Box<str>,
    instance: Arc<T>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            members: RwLock::new(Members {
                shared: HashMap::new(),
                private: HashMap::new(),
            }),
        }
    }
}

impl<T: Instance> Pool<T> {
    fn instance(&self, step: Owner<'_>, policy: T::Policy) -> Result<Arc<T>, Conflict> {
        if let Some(found) = self.read(|members| members.find(step, &policy)) {
            return found;
        }
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have made it between the two locks.
        if let Some(found) = members.find(step, &policy) {
            return found;
        }
        Ok(members.make(step, policy))
    }

    fn all(&self) -> Vec<Arc<T>> {
        let mut all: Vec<_> = self.read(|members| {
            let private = members.private.values().flatten();
            let private = private.map(|private| &private.instance);
            members.shared.values().chain(private).cloned().collect()
        });
        all.sort_by(|a, b| a.name().cmp(b.name()));
        all
    }

    fn named(&self, name: &str) -> Option<Arc<T>> {
        self.read(|members| {
            let private = || Some(&members.private.get(name)?.first()?.instance);
            members.shared.get(name).or_else(private).cloned()
        })
    }

    fn read<R>(&self, look: impl FnOnce(&Members<T>) -> R) -> R {
        look(&self.members.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Instance> Members<T> {
    fn find(&self, step: Owner<'_>, policy: &T::Policy) -> Option<Result<Arc<T>, Conflict>> {
        match T::shared(policy) {
            None => {
                let mut uses = self.private.get(step.name)?.iter();
                let same =
                    |of: &&Private<T>| *of.path == *step.path && of.instance.policy() == policy;
                Some(Ok(Arc::clone(&uses.find(same)?.instance)))
            }
            Some(name) => {
                let found = self.shared.get(name)?;
                if found.policy() == policy {
                    return Some(Ok(Arc::clone(found)));
                }
                Some(Err(Conflict {
                    kind: T::KIND,
                    name,
                    first: T::settings(found.policy()),
                    second: T::settings(policy),
                }))
            }
        }
    }

    fn make(&mut self, step: Owner<'_>, policy: T::Policy) -> Arc<T> {
        let shared = T::shared(&policy);
        let instance = Arc::new(T::make(shared.unwrap_or(step.name), policy));
        match shared {
            Some(name) => {
                self.shared.insert(name, Arc::clone(&instance));
            }
            None => self
                .private
                .entry(step.name.into())
                .or_default()
                .push(Private {
                    path: step.path.into(),
                    instance: Arc::clone(&instance),
                }),
        }
        instance
    }
}

macro_rules! instance {
    ($instance:ty, $policy:ty, $kind:expr, |$of:ident| $settings:expr) => {
        impl Instance for $instance {
            type Policy = $policy;
            const KIND: Kind = $kind;

            fn make(name: &str, policy: $policy) -> Self {
                Self::new(name, policy)
            }

            fn name(&self) -> &str {
                self.name()
            }

            fn policy(&self) -> &$policy {
                self.policy()
            }

            fn shared(policy: &$policy) -> Option<&'static str> {
                policy.name
            }

            fn settings($of: &$policy) -> String {
                $settings
            }
        }
    };
}

instance!(Breaker, BreakerPolicy, Kind::Breaker, |of| format!(
    "failure_threshold {}, recovery_timeout {:?}, half_open_max_calls {}",
    of.failure_threshold, of.recovery_timeout, of.half_open_max_calls
));
instance!(Limiter, Concurrency, Kind::Concurrency, |of| format!(
    "max {}",
    of.max
));
#[cfg(feature = "rate-limit")]
instance!(RateLimiter, RateLimit, Kind::RateLimit, |of| format!(
    "{} per {:?}, burst {}",
    of.permits, of.period, of.burst
));

/// A name that is shared with different settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// What it is the name of.
    pub kind: Kind,
    /// The name.
    pub name: &'static str,
    /// The settings that it was declared with first, in words.
    pub first: String,
    /// The settings that contradict them, in words.
    pub second: String,
}

impl Conflict {
    /// A stable code of this error: `policy_conflict`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "policy_conflict"
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            name,
            first,
            second,
        } = self;
        write!(
            f,
            "the {kind} `{name}` is declared with different settings: {first}, and {second}"
        )
    }
}

impl std::error::Error for Conflict {}

/// A kind of policy that can be shared by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Kind {
    /// A circuit breaker.
    Breaker,
    /// A concurrency limit.
    Concurrency,
    /// A rate limit.
    RateLimit,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Breaker => "breaker",
            Self::Concurrency => "concurrency limit",
            Self::RateLimit => "rate limit",
        })
    }
}
