//! What an orchestrator's configuration says over the options in the code.

use std::collections::HashMap;
use std::time::Duration;

use orch_core::duration;
use orch_core::plan::WorkflowSpec;
use orch_core::policy::Policies;

use crate::engine::layout::ScopeLayout;
use crate::program::Program;

/// The options that can be overridden.
const OPTIONS: [&str; 4] = ["timeout", "deadline", "retries", "cache"];

/// Settings of the form `workflow.node.option = value`.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    settings: HashMap<(String, String), Vec<Setting>>,
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
    let known: Vec<&WorkflowSpec> = programs.iter().map(|program| program.spec).collect();
    let Some(program) = programs
        .iter()
        .find(|program| plain(program.spec.name) == plain(workflow))
    else {
        let names: Vec<_> = known.iter().map(|spec| spec.name).collect();
        return Err(format!(
            "override `{key}`: no workflow `{workflow}` is registered, there are: {}",
            names.join(", ")
        ));
    };
    let mut names = Vec::new();
    add_names(&program.layout().root, &mut names);
    if !names.iter().any(|name| plain(name) == plain(node)) {
        return Err(format!(
            "override `{key}`: workflow `{}` has no node or step `{node}`, there are: {}",
            program.spec.name,
            names.join(", ")
        ));
    }
    let setting = setting(option, value).map_err(|why| format!("override `{key}`: {why}"))?;
    Ok(((plain(workflow), plain(node)), setting))
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

fn add_names(scope: &ScopeLayout, names: &mut Vec<String>) {
    for node in &scope.nodes {
        names.push(node.path.to_string());
        names.extend(node.tiers.iter().map(|tier| tier.step().to_owned()));
        for body in &node.bodies {
            add_names(body, names);
        }
    }
    names.sort();
    names.dedup();
}
