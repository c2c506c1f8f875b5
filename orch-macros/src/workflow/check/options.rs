//! Options that mean nothing where they stand, or contradict each other.

use super::super::analysis::{Analysis, Kind, ScopeId};
use super::super::model::{Callee, Equation, Rhs};
use crate::diagnostics::Errors;
use crate::text;

/// Reports what is wrong with the options of a node.
pub(super) fn check(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: &Equation,
    errors: &mut Errors,
) {
    for key in &equation.options.keys {
        if let Some(message) = misplaced(equation, &text::name_of(key)) {
            errors.at(key, message);
        }
    }
    contradictions(equation, errors);
    if let Some(key) = &equation.options.finally
        && !matches!(analysis.scopes[scope].kind, Kind::Root)
    {
        errors.at(
            key,
            "`finally` is for the nodes of the workflow itself: inside a body or an arm, use `on = all_done`",
        );
    }
    if !analysis.is_durable() {
        in_memory(equation, errors);
    }
    repeated(equation, errors);
    bounds(analysis, equation, errors);
}

/// Why an option means nothing on such an equation, if it does not.
fn misplaced(equation: &Equation, name: &str) -> Option<String> {
    let only_for = |what: &str| Some(format!("{what}, and this is not a `for`"));
    match (&equation.rhs, name) {
        (Rhs::Broken, _) => None,
        (Rhs::View(_), _) => Some(format!(
            "`{name}` is for nodes, and this is an expression, which is computed wherever it is read"
        )),
        (Rhs::For(_), "tolerate" | "concurrency" | "key") => None,
        (_, "tolerate") => only_for("`tolerate` says how many items of a `for` may fail"),
        (_, "key") => only_for("`key` says what tells the items of a `for` apart"),
        (Rhs::For(_) | Rhs::Branch(_), "after" | "optional" | "allow_skip" | "name") => None,
        (Rhs::For(_), _) => Some(format!(
            "`{name}` is for steps: put it on the call inside the `for`"
        )),
        (Rhs::Branch(_), _) => Some(format!(
            "`{name}` is for steps: put it on the call inside the arm"
        )),
        (Rhs::Call(call), "cache" | "cache_ttl" | "fallback" | "retry_if" | "notify_human")
            if matches!(call.tiers[0].callee, Callee::Workflow(_)) =>
        {
            Some(format!("`{name}` is for steps, and this is a workflow"))
        }
        (Rhs::Call(_), _) => None,
        (Rhs::Signal(_) | Rhs::Sleep(_), _) => waiting(&equation.rhs, name),
    }
}

/// Why an option means nothing on what waits.
fn waiting(rhs: &Rhs, name: &str) -> Option<String> {
    let word = rhs.word();
    Some(match (rhs, name) {
        (_, "after" | "on" | "name") => return None,
        (Rhs::Signal(_), "timeout" | "deadline") => {
            "how long a signal is waited for is said in its call: `signal::<Approval>(timeout = \"3d\")`".to_owned()
        }
        (Rhs::Signal(_), "optional" | "allow_skip") => format!(
            "a signal is an `Option` already, `None` when its time is over: leave `{name}` out"
        ),
        (_, "finally") => {
            "what cleans up does not wait: put `finally` on the step itself".to_owned()
        }
        _ => format!("`{name}` is for steps, and `{word}` calls none"),
    })
}

fn contradictions(equation: &Equation, errors: &mut Errors) {
    if let (Some(optional), Rhs::Call(call)) = (&equation.options.optional, &equation.rhs)
        && call.outcome.is_some()
    {
        errors.at(
            optional,
            "`optional` and `.outcome()` both consume the failure: keep one of them",
        );
    }
    let options = &equation.options;
    if let (Some(transient), Some(_)) = (&options.transient, &options.checkpoint) {
        errors.at(
            transient,
            "what somebody decided about is recorded: remove `transient`, or `checkpoint_after`",
        );
    }
    if let (Some(transient), Some(notify)) = (&options.transient, &options.policies.notify_human)
        && notify.value
    {
        errors.at(
            transient,
            "what wants somebody's attention is recorded, so that they are told once: remove `transient`, or `notify_human`",
        );
    }
    if let (Some(skip), Rhs::Call(call)) = (&options.allow_skip, &equation.rhs)
        && call.outcome.is_some()
    {
        errors.at(
            &skip.key,
            "`.outcome()` says by itself that a node was skipped: leave `.outcome()` out, so that readers get an `Option`",
        );
    }
}

/// Options that are about what is recorded, where nothing is.
fn in_memory(equation: &Equation, errors: &mut Errors) {
    for key in &equation.options.keys {
        let what = match (&equation.rhs, text::name_of(key).as_str()) {
            (Rhs::Call(_), "transient") => "says that a value is not recorded",
            (Rhs::For(_), "key") => "tells recorded items apart",
            (Rhs::Call(_), "checkpoint_after") => {
                "waits for somebody's decision, which is recorded"
            }
            (Rhs::Call(_) | Rhs::For(_) | Rhs::Branch(_), "allow_skip") => {
                "lets an operator skip the node, which is recorded"
            }
            _ => continue,
        };
        errors.at(
            key,
            format!("`{key}` {what}, and nothing of this workflow is: say `#[workflow(durable)]`, or remove it"),
        );
    }
}

fn repeated(equation: &Equation, errors: &mut Errors) {
    let Rhs::Call(call) = &equation.rhs else {
        return;
    };
    if let Some(repeat) = &call.repeat
        && call.tiers[0].args.len() != 1
    {
        errors.at(
            &repeat.word,
            "a repeated step takes one argument, the state that each turn hands to the next",
        );
    }
}

/// Bounds of a node that the workflow's own deadline makes meaningless.
fn bounds(analysis: &Analysis<'_>, equation: &Equation, errors: &mut Errors) {
    let Some(whole) = &analysis.workflow.options.deadline else {
        return;
    };
    let policies = &equation.options.policies;
    for (what, bound) in [
        ("timeout", &policies.timeout),
        ("deadline", &policies.deadline),
    ] {
        if let Some(bound) = bound.as_ref().filter(|bound| bound.value > whole.value) {
            errors.push(bound.error(format!(
                "this {what} is longer than the deadline of the whole workflow, {}: shorten it, or leave it out",
                text::source(&whole.tokens)
            )));
        }
    }
}
