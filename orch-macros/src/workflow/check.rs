//! What is wrong with a workflow's graph and its nodes' options.

mod header;
mod options;
mod waits;

use super::analysis::{Analysis, Part, Reader, ScopeId, ScopeInfo};
use super::cycles;
use super::model::{Callee, Equation, Origin, Output, Rhs};
use crate::diagnostics::Errors;
use crate::ordered::{Map, Set};

/// Reports everything that is wrong with the graph.
pub(crate) fn check(analysis: &mut Analysis<'_>, errors: &mut Errors) {
    for scope in 0..analysis.scopes.len() {
        for equation in &analysis.scopes[scope].scope.equations {
            options::check(analysis, scope, equation, errors);
        }
        rules(analysis, scope, errors);
        finally(analysis, scope, errors);
        if cycles::report(analysis, scope, errors) {
            redundant_after(analysis, scope, errors);
        }
    }
    header::check(analysis.workflow, errors);
    names(analysis, errors);
    waits::check(analysis, errors);
    containing_itself(analysis, errors);
    result(analysis, errors);
}

/// Rules that have nothing to decide about.
fn rules(analysis: &mut Analysis<'_>, scope: ScopeId, errors: &mut Errors) {
    let info = &analysis.scopes[scope];
    let mut spoiled = Vec::new();
    for (idx, equation) in info.scope.equations.iter().enumerate() {
        if let Some(rule) = &equation.options.rule {
            let reads = info.reads[idx].keys().copied();
            let nodes = analysis.nodes_behind(scope, reads);
            if nodes.is_empty() && info.after[idx].is_empty() && !equation.rhs.is_broken() {
                errors.push(rule.error(
                    "this rule has no node to look at: name one in the call, or in `after`",
                ));
            }
            if equation.options.trigger().is_none() && equation.options.finally.is_some() {
                errors.push(
                    rule.error(
                        "a `finally` node runs however the others ended: leave the rule out",
                    ),
                );
            }
        }
        if !equation.reads_outcomes() {
            continue;
        }
        for (read, ident) in info.reads[idx].iter() {
            if matches!(info.scope.equations[*read].rhs, Rhs::View(_))
                && !analysis.nodes_behind(scope, [*read]).is_empty()
            {
                errors.at(
                    ident,
                    format!("here names are outcomes, as this node runs whether the others succeed or not, and `{ident}` is an expression over values: name the nodes themselves"),
                );
                spoiled.push(Reader::Equation(idx, Part::Whole));
            }
        }
    }
    for reader in spoiled {
        analysis.spoil(scope, reader);
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
        for (read, ident) in info.reads[idx].iter().chain(info.after[idx].iter()) {
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
    if info.after.iter().all(Map::is_empty) {
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
        for (named, ident) in info.after[idx].iter() {
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
fn firm_reads(analysis: &Analysis<'_>, scope: ScopeId, idx: usize) -> Set<usize> {
    let info = &analysis.scopes[scope];
    let arms = analysis.only_arms_read(scope, idx);
    let firm = info.reads[idx].keys().filter(|read| !arms.contains(read));
    analysis.nodes_behind(scope, firm.copied())
}

/// The node among those that a node waits for that itself succeeds only after another has.
fn waits_through(
    info: &ScopeInfo<'_>,
    reads: &[Set<usize>],
    idx: usize,
    to: usize,
) -> Option<usize> {
    let waits = |idx: usize| reads[idx].iter().chain(info.after[idx].keys()).copied();
    let mut seen = Set::new();
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
        let mut taken: Map<String, &Equation> = Map::new();
        let named = info.scope.equations.iter().filter(|equation| {
            let own = equation.origin == Origin::Named;
            equation.rhs.is_node() && (own || equation.options.name.is_some())
        });
        for equation in named {
            let name = equation.plan_name();
            let Some(earlier) = taken.insert(name.clone(), equation) else {
                continue;
            };
            if equation.ident == earlier.ident {
                continue;
            }
            let given = equation
                .options
                .name
                .as_ref()
                .or(earlier.options.name.as_ref());
            let message = format!("two nodes are named `{name}`: each needs a name of its own");
            errors.push(match given {
                Some(given) => given.error(message),
                None => syn::Error::new(equation.ident.span(), message),
            });
        }
    }
}

/// Calls of the workflow by itself. What other workflows contain, only the compiler sees.
fn containing_itself(analysis: &mut Analysis<'_>, errors: &mut Errors) {
    for scope in 0..analysis.scopes.len() {
        for idx in 0..analysis.scopes[scope].scope.equations.len() {
            let Rhs::Call(call) = &analysis.equation(scope, idx).rhs else {
                continue;
            };
            for tier in &call.tiers {
                if let Callee::Workflow(path) = &tier.callee
                    && path.is_ident(&analysis.workflow.name)
                {
                    errors.at(
                        path,
                        "a workflow cannot contain itself, as its plan would never end: to go on until something holds, write `turn(state).repeat(max = 20)`",
                    );
                    analysis.spoil(scope, Reader::Equation(idx, Part::Whole));
                }
            }
        }
    }
}

/// A result that is wrapped as a function's would be.
fn result(analysis: &mut Analysis<'_>, errors: &mut Errors) {
    let inner = match &analysis.workflow.output {
        Output::Fallible(ty, _) => Some(ty),
        Output::Alias(_) => None,
        Output::Unit | Output::Plain(_) => return,
    };
    let gives_result = matches!(inner.map(|ty| &**ty), Some(syn::Type::Path(path))
        if path.path.segments.last().is_some_and(|last| last.ident == "Result"));
    let Some(syn::Expr::Call(call)) = &analysis.workflow.body.tail else {
        return;
    };
    let syn::Expr::Path(path) = &*call.func else {
        return;
    };
    let message = if path.path.is_ident("Ok") {
        "the result is the value itself: leave out `Ok(…)`"
    } else if path.path.is_ident("Err") {
        "a workflow fails when a step of it does: let a step return this `Err`"
    } else {
        return;
    };
    if !gives_result {
        errors.at(&call.func, message);
        analysis.spoil(0, Reader::Tail);
    }
}
