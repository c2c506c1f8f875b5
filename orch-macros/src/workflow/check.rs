//! What is wrong with a workflow's graph and its nodes' options.

use std::collections::{BTreeMap, BTreeSet};

use syn::Ident;

use super::analysis::{Analysis, Kind, ScopeId, ScopeInfo};
use super::cycles;
use super::model::{Callee, Equation, Rhs};
use crate::diagnostics::Errors;
use crate::text;

/// Reports everything that is wrong with the graph.
pub(crate) fn check(analysis: &Analysis<'_>, errors: &mut Errors) {
    for scope in 0..analysis.scopes.len() {
        for equation in &analysis.scopes[scope].scope.equations {
            options(analysis, scope, equation, errors);
        }
        rules(analysis, scope, errors);
        finally(analysis, scope, errors);
        if cycles::report(analysis, scope, errors) {
            redundant_after(analysis, scope, errors);
        }
    }
    names(analysis, errors);
}

/// Options that mean nothing where they stand.
fn options(analysis: &Analysis<'_>, scope: ScopeId, equation: &Equation, errors: &mut Errors) {
    let options = &equation.options;
    let misplaced = |key: &Ident, errors: &mut Errors| {
        let name = text::name_of(key);
        let message = match &equation.rhs {
            Rhs::View(_) => format!(
                "`{name}` is for nodes, and this is an expression, which is computed wherever it is read"
            ),
            Rhs::For(_) => format!("`{name}` is for steps: put it on the call inside the `for`"),
            _ => format!("`{name}` is for steps: put it on the call inside the arm"),
        };
        errors.at(key, message);
    };
    for key in &options.keys {
        let name = text::name_of(key);
        let fits = match (&equation.rhs, name.as_str()) {
            (Rhs::Broken, _) => true,
            (Rhs::View(_), _) => false,
            (Rhs::For(_), "tolerate" | "concurrency") => true,
            (_, "tolerate") => {
                errors.at(
                    key,
                    "`tolerate` says how many items of a `for` may fail, and this is not a `for`",
                );
                true
            }
            (Rhs::For(_) | Rhs::Branch(_), name) => {
                matches!(name, "after" | "on" | "finally" | "optional" | "name")
            }
            (Rhs::Call(call), name) if matches!(call.tiers[0].callee, Callee::Workflow(_)) => {
                if matches!(name, "cache" | "cache_ttl" | "retry_if") {
                    errors.at(
                        key,
                        format!("`{name}` is for steps, and this is a workflow"),
                    );
                }
                true
            }
            (Rhs::Call(_), _) => true,
        };
        if !fits {
            misplaced(key, errors);
        }
    }
    if let (Some(optional), Rhs::Call(call)) = (&options.optional, &equation.rhs)
        && call.outcome.is_some()
    {
        errors.at(
            optional,
            "`optional` and `.outcome()` both consume the failure: keep one of them",
        );
    }
    if let Some(key) = &options.finally
        && !matches!(analysis.scopes[scope].kind, Kind::Root)
    {
        errors.at(
            key,
            "`finally` is for the nodes of the workflow itself: inside a body or an arm, use `on = all_done`",
        );
    }
    repeated(equation, errors);
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

/// Rules that have nothing to decide about.
fn rules(analysis: &Analysis<'_>, scope: ScopeId, errors: &mut Errors) {
    let info = &analysis.scopes[scope];
    for (idx, equation) in info.scope.equations.iter().enumerate() {
        let Some(rule) = &equation.options.rule else {
            continue;
        };
        let reads = info.reads[idx].keys().copied();
        let nodes = analysis.nodes_behind(scope, reads);
        if nodes.is_empty() && info.after[idx].is_empty() && !equation.rhs.is_broken() {
            errors.push(
                rule.error("this rule has no node to look at: name one in the call, or in `after`"),
            );
        }
        if equation.options.trigger().is_none() {
            if equation.options.finally.is_some() {
                errors.push(
                    rule.error(
                        "a `finally` node runs however the others ended: leave the rule out",
                    ),
                );
            }
            continue;
        }
        for (read, ident) in &info.reads[idx] {
            if matches!(info.scope.equations[*read].rhs, Rhs::View(_))
                && !analysis.nodes_behind(scope, [*read]).is_empty()
            {
                errors.at(
                    ident,
                    format!("under this rule names are outcomes, and `{ident}` is an expression over values: name the nodes themselves"),
                );
            }
        }
    }
}

impl Rhs {
    fn is_broken(&self) -> bool {
        matches!(self, Self::Broken)
    }
}

/// Ordinary nodes that wait for what runs last.
fn finally(analysis: &Analysis<'_>, scope: ScopeId, errors: &mut Errors) {
    let info = &analysis.scopes[scope];
    let runs_last = |idx: usize| info.scope.equations[idx].options.finally.is_some();
    for (idx, equation) in info.scope.equations.iter().enumerate() {
        if equation.options.finally.is_some() {
            continue;
        }
        for (read, ident) in info.reads[idx].iter().chain(&info.after[idx]) {
            if runs_last(*read) {
                errors.at(
                    ident,
                    format!("`{ident}` is a `finally` node and runs after this one: only another `finally` node can wait for it"),
                );
            }
        }
    }
    for (_, ident) in info.tail_reads.iter().filter(|(read, _)| runs_last(**read)) {
        errors.at(
            ident,
            format!("`{ident}` is a `finally` node, which runs after the result is decided"),
        );
    }
}

/// `after` where a node waits already, whatever happens.
fn redundant_after(analysis: &Analysis<'_>, scope: ScopeId, errors: &mut Errors) {
    let info = &analysis.scopes[scope];
    if info.after.iter().all(BTreeMap::is_empty) {
        return;
    }
    let count = info.scope.equations.len();
    let reads: Vec<_> = (0..count)
        .map(|idx| firm_reads(analysis, scope, idx))
        .collect();
    for (idx, equation) in info.scope.equations.iter().enumerate() {
        if equation.reads_outcomes() {
            continue;
        }
        for (named, ident) in &info.after[idx] {
            if info.scope.equations[*named].gives_outcome() {
                continue;
            }
            let message = if reads[idx].contains(named) {
                format!("this node reads `{ident}` and so waits for it already")
            } else if let Some(through) = waits_through(info, &reads, idx, *named) {
                let through = info.scope.equations[through].title();
                format!("this node waits for `{through}`, which waits for `{ident}`")
            } else {
                continue;
            };
            errors.at(ident, format!("`after` is not needed: {message}"));
        }
    }
}

/// The nodes whose success a node waits for by what it reads, whichever arm is taken.
fn firm_reads(analysis: &Analysis<'_>, scope: ScopeId, idx: usize) -> BTreeSet<usize> {
    let info = &analysis.scopes[scope];
    let arms = analysis.only_arms_read(scope, idx);
    let firm = info.reads[idx].keys().filter(|read| !arms.contains(read));
    analysis.nodes_behind(scope, firm.copied())
}

/// The node among those that a node waits for that itself succeeds only after another has.
fn waits_through(
    info: &ScopeInfo<'_>,
    reads: &[BTreeSet<usize>],
    idx: usize,
    to: usize,
) -> Option<usize> {
    let waits = |idx: usize| reads[idx].iter().chain(info.after[idx].keys()).copied();
    let mut seen = BTreeSet::new();
    waits(idx).filter(|through| *through != to).find(|through| {
        let mut open = vec![*through];
        while let Some(at) = open.pop() {
            let equation = &info.scope.equations[at];
            // What comes before in the order waits for nothing that comes after it,
            // and what goes on after a failure does not stand for the success of what it waits for.
            if info.places[at] <= info.places[to]
                || equation.reads_outcomes()
                || equation.options.optional.is_some()
                || !seen.insert(at)
            {
                continue;
            }
            if waits(at).any(|next| next == to) {
                return true;
            }
            open.extend(waits(at));
        }
        false
    })
}

/// Names in the plan that two nodes of a scope share.
fn names(analysis: &Analysis<'_>, errors: &mut Errors) {
    for info in &analysis.scopes {
        let mut given: BTreeMap<&str, &Ident> = BTreeMap::new();
        for equation in &info.scope.equations {
            let Some(name) = &equation.options.name else {
                continue;
            };
            if given.insert(&name.value, &name.key).is_some() {
                errors.push(name.error(format!(
                    "two nodes are named `{}`: each needs a name of its own",
                    name.value
                )));
            }
        }
    }
}
