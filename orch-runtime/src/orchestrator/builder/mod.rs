//! Gathering what an orchestrator is to have.

#[cfg(feature = "durable")]
mod durable;
#[cfg(not(feature = "durable"))]
#[path = "../../absent/builder.rs"]
mod durable;

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use orch_core::error::NodeError;
use orch_core::plan::{Callee, NodeKind, ScopeSpec};
use orch_core::run::{Progress, RunEvent};

use self::durable::Durable;
use super::Orchestrator;
use super::start::StartError;
#[cfg(feature = "testing")]
use crate::mock::Mock;
use crate::observe::tracing;
use crate::policy::Owner;
use crate::program::{Program, Workflow};
use crate::services::Services;
use crate::step::Resource;

/// Gathers what an [`Orchestrator`] is to have.
#[derive(Debug, Default)]
pub struct Builder {
    services: Services,
    durable: Durable,
    programs: Vec<&'static Program>,
    needs: Vec<(&'static str, Vec<Resource>)>,
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
        self.durable.register::<W>();
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

    /// The orchestrator.
    ///
    /// # Errors
    /// Lists every problem at once: resources that registered workflows want and that were not given, policies shared
    /// by one name with different settings, overrides that fit nothing, two workflows of one name, a status that runs
    /// cannot be forgotten by.
    pub async fn build(mut self) -> Result<Orchestrator, BuildError> {
        let mut problems = Vec::new();
        for (workflow, needs) in &self.needs {
            let runs_here = self.durable.runs_here(workflow);
            for need in needs {
                if !self.services.resources.has(need.id) && runs_here {
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
        self.durable.check(&mut problems);
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
        Ok(Orchestrator {
            services: self.durable.join(self.services).await?,
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
