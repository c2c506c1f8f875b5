//! What an orchestrator's configuration says over the options in the code.

use std::collections::HashMap;
use std::time::Duration;

use orch_core::duration;
use orch_core::plan::Callee;
use orch_core::policy::Policies;

use crate::engine::layout::{NodeLayout, ScopeLayout, Tier};
use crate::program::Program;

/// The options that can be overridden.
const OPTIONS: [&str; 4] = ["timeout", "deadline", "retries", "cache"];

/// Settings of the form `workflow.node.option = value`, and what follows from them.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    given: Vec<Given>,
    /// What holds for the callees that are overridden, by the address of their tier: layouts are never moved.
    policies: HashMap<usize, Policies>,
}

/// A setting as it was given.
#[derive(Debug)]
struct Given {
    /// What it is called where it was given.
    said: String,
    key: String,
    value: String,
}

#[derive(Debug, Clone, Copy)]
enum Setting {
    Timeout(Duration),
    Deadline(Duration),
    Retries(u32),
    NoCache,
}

impl Setting {
    fn over(self, policies: &mut Policies) {
        match self {
            Self::Timeout(limit) => policies.timeout = Some(limit),
            Self::Deadline(limit) => policies.deadline = Some(limit),
            Self::Retries(retries) => policies.retries = Some(retries),
            Self::NoCache => policies.cache = None,
        }
    }
}

/// A setting and a call that it is for.
struct Fitting<'a> {
    call: Calling<'a>,
    /// Whether it names the node itself, not only its step.
    of_node: bool,
    setting: Setting,
}

impl Overrides {
    pub(crate) fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    pub(crate) fn add(&mut self, key: String, value: String) {
        let said = format!("override `{key}`");
        self.given.push(Given { said, key, value });
    }

    /// Adds the variables whose names begin with the prefix and two underscores.
    pub(crate) fn add_variables(
        &mut self,
        prefix: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) {
        let prefix = format!("{prefix}__");
        for (name, value) in variables {
            let (Some(start), Some(rest)) = (name.get(..prefix.len()), name.get(prefix.len()..))
            else {
                continue;
            };
            if start.eq_ignore_ascii_case(&prefix) {
                let said = format!("variable `{name}`");
                let key = rest.replace("__", ".");
                self.given.push(Given { said, key, value });
            }
        }
    }

    /// What holds for a call: settings for its node, over those for its step, over what the code says.
    pub(crate) fn over<'a>(&'a self, tier: &'a Tier) -> &'a Policies {
        self.policies.get(&place(tier)).unwrap_or(&tier.policies)
    }

    /// Reads the settings for these workflows; gives what is wrong with them.
    pub(crate) fn resolve(&mut self, programs: &[&'static Program]) -> Vec<String> {
        let mut problems = Vec::new();
        let mut fitting = Vec::new();
        for given in std::mem::take(&mut self.given) {
            match read(&given, programs) {
                Ok(found) => fitting.extend(found),
                Err(problem) => problems.push(format!("{}: {problem}", given.said)),
            }
        }
        // Those for a node come later and win; among equals the one that was given last does.
        let (of_nodes, of_steps): (Vec<_>, Vec<_>) = fitting.iter().partition(|fit| fit.of_node);
        for fit in of_steps.into_iter().chain(of_nodes) {
            let policies = self.policies.entry(place(fit.call.tier));
            fit.setting.over(policies.or_insert(fit.call.tier.policies));
        }
        for fit in &fitting {
            problems.extend(fit.call.contradiction(self.over(fit.call.tier)));
        }
        problems
    }
}

fn place(tier: &Tier) -> usize {
    std::ptr::from_ref(tier) as usize
}

/// Names compare without case and punctuation, so that `ORDER_FLOW` is `OrderFlow` and `fetch_rates` is `fetch-rates`.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

fn read(given: &Given, programs: &[&'static Program]) -> Result<Vec<Fitting<'static>>, String> {
    let mut parts = given.key.split('.');
    let (Some(workflow), Some(node), Some(option), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("write `workflow.node.option`, as in `Checkout.charge.timeout`".to_owned());
    };
    let program = named(workflow, programs)?;
    let mut calls = Vec::new();
    add_calls(program, &program.layout().root, &mut calls);
    let mut names: Vec<_> = calls.iter().flat_map(Calling::names).collect();
    calls.retain(|call| call.is_named(node));
    if calls.is_empty() {
        names.sort_unstable();
        names.dedup();
        return Err(format!(
            "workflow `{}` has no node or step `{node}`, there are: {}",
            program.spec.name,
            names.join(", ")
        ));
    }
    let setting = setting(option, &given.value)?;
    calls.iter().try_for_each(|call| call.bears(setting))?;
    let fitting = calls.into_iter().map(|call| Fitting {
        of_node: plain(&call.node.path) == plain(node),
        call,
        setting,
    });
    Ok(fitting.collect())
}

fn named(workflow: &str, programs: &[&'static Program]) -> Result<&'static Program, String> {
    let named = |program: &&&'static Program| plain(program.spec.name) == plain(workflow);
    if let Some(program) = programs.iter().find(named) {
        return Ok(program);
    }
    let names: Vec<_> = programs.iter().map(|program| program.spec.name).collect();
    let there_are = match &*names {
        [] => "there are none".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    };
    Err(format!(
        "no workflow `{workflow}` is registered, {there_are}"
    ))
}

/// A node's call of one callee.
struct Calling<'a> {
    program: &'a Program,
    node: &'a NodeLayout,
    tier: &'a Tier,
}

impl<'a> Calling<'a> {
    fn names(&self) -> [&'a str; 2] {
        [&self.node.path, self.tier.step()]
    }

    fn is_named(&self, name: &str) -> bool {
        self.names().iter().any(|own| plain(own) == plain(name))
    }

    /// Whether it can do what the setting asks for, which the compiler checks of what the code asks for.
    fn bears(&self, setting: Setting) -> Result<(), String> {
        match setting {
            Setting::Retries(1..) => self.bears_retries(),
            Setting::NoCache if self.tier.policies.cache.is_none() => {
                Err(format!("`{}` is not cached", self.tier.step()))
            }
            _ => Ok(()),
        }
    }

    fn bears_retries(&self) -> Result<(), String> {
        let name = self.tier.step();
        let (idempotent, borrows) = match self.tier.callee {
            Callee::Step(step) => {
                let borrows = step.params.iter().all(|param| param.ty.starts_with('&'));
                (step.idempotent, step.reads_arguments || borrows)
            }
            Callee::Workflow(spec) => (true, spec().inputs.is_empty()),
        };
        if !idempotent {
            return Err(format!(
                "`{name}` is `idempotent = false`, so that it cannot be retried"
            ));
        }
        let retried = |policies: Policies| policies.retries.is_some_and(|retries| retries > 0);
        if borrows || retried(self.node.spec.policies) || retried(self.tier.callee.policies()) {
            return Ok(());
        }
        Err(format!(
            "`{name}` takes its arguments once, so that it cannot be retried: say `retries` in the code, and override that"
        ))
    }

    /// What these policies contradict each other in, which the compiler checks of those in the code.
    fn contradiction(&self, policies: &Policies) -> Option<String> {
        let timeout = policies.timeout?;
        let (name, node) = (self.program.spec.name, &self.node.path);
        let beyond = |whose: &str, deadline: Option<Duration>| {
            let deadline = deadline.filter(|deadline| timeout > *deadline)?;
            Some(format!(
                "workflow `{name}`, node `{node}`: its timeout of {timeout:?} is longer than {whose} deadline of {deadline:?}"
            ))
        };
        beyond("its", policies.deadline)
            .or_else(|| beyond("the workflow's", self.program.spec.deadline))
    }
}

fn setting(option: &str, value: &str) -> Result<Setting, String> {
    match plain(option).as_str() {
        "timeout" => limit(value).map(Setting::Timeout),
        "deadline" => limit(value).map(Setting::Deadline),
        "retries" => value
            .parse()
            .map(Setting::Retries)
            .map_err(|_| format!("`{value}` is not a number of retries")),
        "cache" if value == "off" => Ok(Setting::NoCache),
        "cache" => Err(format!("`{value}` is not known here: write `off`")),
        _ => Err(format!(
            "`{option}` cannot be overridden, these can: {}",
            OPTIONS.join(", ")
        )),
    }
}

fn limit(value: &str) -> Result<Duration, String> {
    let limit = duration::parse(value).map_err(|error| error.to_string())?;
    if limit.is_zero() {
        return Err("a limit of zero lets nothing run".to_owned());
    }
    Ok(limit)
}

fn add_calls<'a>(program: &'a Program, scope: &'a ScopeLayout, calls: &mut Vec<Calling<'a>>) {
    for node in &scope.nodes {
        calls.extend(node.tiers.iter().map(|tier| Calling {
            program,
            node,
            tier,
        }));
        for body in &node.bodies {
            add_calls(program, body, calls);
        }
    }
}
