//! What an orchestrator's configuration says over the options in the code.

use std::collections::BTreeMap;
use std::time::Duration;

use orch_core::duration;
use orch_core::plan::Callee;
use orch_core::policy::Policies;

use crate::engine::layout::{NodeLayout, ScopeLayout, Tier};
use crate::program::Program;

/// The options that can be overridden.
const OPTIONS: [&str; 4] = ["timeout", "deadline", "retries", "cache"];

/// Settings of the form `workflow.node.option = value`.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    settings: BTreeMap<(String, String), Vec<Setting>>,
    raw: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy)]
enum Setting {
    Timeout(Duration),
    Deadline(Duration),
    Retries(u32),
    NoCache,
}

impl Overrides {
    pub(crate) fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    pub(crate) fn add(&mut self, key: String, value: String) {
        self.raw.push((key, value));
    }

    /// What holds for a call: settings for its node, over those for its step, over `base`.
    pub(crate) fn over(&self, workflow: &str, node: &str, step: &str, base: Policies) -> Policies {
        let mut policies = base;
        for name in [step, node] {
            let key = (plain(workflow), plain(name));
            for setting in self.settings.get(&key).into_iter().flatten() {
                match *setting {
                    Setting::Timeout(limit) => policies.timeout = Some(limit),
                    Setting::Deadline(limit) => policies.deadline = Some(limit),
                    Setting::Retries(retries) => policies.retries = Some(retries),
                    Setting::NoCache => policies.cache = None,
                }
            }
        }
        policies
    }

    /// Reads the settings for these workflows; gives what is wrong with them.
    pub(crate) fn resolve(&mut self, programs: &[&'static Program]) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, value) in std::mem::take(&mut self.raw) {
            match read(&key, &value, programs) {
                Ok((place, setting)) => self.settings.entry(place).or_default().push(setting),
                Err(problem) => problems.push(problem),
            }
        }
        problems
    }
}

/// Names compare without case and punctuation, so that `ORDER_FLOW` is `OrderFlow` and `fetch_rates` is `fetch-rates`.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

fn read(
    key: &str,
    value: &str,
    programs: &[&'static Program],
) -> Result<((String, String), Setting), String> {
    let mut parts = key.split('.');
    let (Some(workflow), Some(node), Some(option), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(format!(
            "override `{key}`: write `workflow.node.option`, as in `Checkout.charge.timeout`"
        ));
    };
    let Some(program) = programs
        .iter()
        .find(|program| plain(program.spec.name) == plain(workflow))
    else {
        let names: Vec<_> = programs.iter().map(|program| program.spec.name).collect();
        return Err(format!(
            "override `{key}`: no workflow `{workflow}` is registered, there are: {}",
            names.join(", ")
        ));
    };
    let mut calls = Vec::new();
    add_calls(&program.layout().root, &mut calls);
    let named: Vec<_> = calls.iter().filter(|call| call.is_named(node)).collect();
    if named.is_empty() {
        let mut names: Vec<_> = calls.iter().flat_map(Calling::names).collect();
        names.sort_unstable();
        names.dedup();
        return Err(format!(
            "override `{key}`: workflow `{}` has no node or step `{node}`, there are: {}",
            program.spec.name,
            names.join(", ")
        ));
    }
    let setting = setting(option, value).and_then(|setting| {
        named.iter().try_for_each(|call| call.bears(setting))?;
        Ok(setting)
    });
    let setting = setting.map_err(|why| format!("override `{key}`: {why}"))?;
    Ok(((plain(workflow), plain(node)), setting))
}

/// A node's call of one callee.
struct Calling<'a> {
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
        let Setting::Retries(1..) = setting else {
            return Ok(());
        };
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

fn add_calls<'a>(scope: &'a ScopeLayout, calls: &mut Vec<Calling<'a>>) {
    for node in &scope.nodes {
        calls.extend(node.tiers.iter().map(|tier| Calling { node, tier }));
        for body in &node.bodies {
            add_calls(body, calls);
        }
    }
}
