//! Signals that could not be sent, and sleeps that nobody waits for.

use syn::Ident;

use super::super::analysis::{Analysis, ScopeId};
use super::super::model::{Length, Origin, Rhs, Workflow};
use crate::diagnostics::Errors;
use crate::ordered::Map;
use crate::text;

/// Reports signals whose constants would clash, waits beyond the deadline and sleeps that order nothing.
pub(super) fn check(analysis: &Analysis<'_>, errors: &mut Errors) {
    let mut signals = Map::new();
    let equations = analysis.scopes.iter().enumerate().flat_map(|(id, info)| {
        let equations = info.scope.equations.iter();
        equations.map(move |equation| (id, equation))
    });
    for (scope, equation) in equations {
        beyond_deadline(analysis, &equation.rhs, errors);
        match &equation.rhs {
            Rhs::Signal(_) if equation.origin == Origin::Named => {
                name(analysis, &mut signals, (scope, &equation.ident), errors);
            }
            Rhs::Sleep(sleep)
                if equation.origin == Origin::Unread && equation.options.after.is_empty() =>
            {
                errors.at(
                    &sleep.word,
                    "nothing waits for this: name it, `wait = sleep(…);`, and say who does, `#[node(after = [wait])]`",
                );
            }
            _ => {}
        }
    }
}

/// A wait that the run's own deadline ends first.
fn beyond_deadline(analysis: &Analysis<'_>, rhs: &Rhs, errors: &mut Errors) {
    let (what, length) = match rhs {
        Rhs::Signal(signal) => ("time limit", signal.timeout.as_ref()),
        Rhs::Sleep(sleep) => match &sleep.length {
            Length::Written(length) => ("sleep", Some(length)),
            Length::Computed(_) => return,
        },
        _ => return,
    };
    let deadline = &analysis.workflow.options.deadline;
    if let (Some(length), Some(deadline)) = (length, deadline)
        && length.value > deadline.value
    {
        errors.push(length.error(format!(
            "this {what} is longer than the deadline of the whole workflow, {}: shorten it, or leave the deadline out",
            text::source(&deadline.tokens)
        )));
    }
}

/// A signal's name, which is that of a constant of the workflow.
fn name<'a>(
    analysis: &Analysis<'_>,
    signals: &mut Map<String, (ScopeId, &'a Ident)>,
    (scope, ident): (ScopeId, &'a Ident),
    errors: &mut Errors,
) {
    let (workflow, name) = (&analysis.workflow.name, text::name_of(ident));
    if Workflow::OWN_NAMES.contains(&name.as_str()) {
        errors.at(
            ident,
            format!("a signal is sent by its name, and `{workflow}::{name}` is something else: give it another name"),
        );
    } else if let Some((other, earlier)) = signals.insert(name.clone(), (scope, ident))
        // Of two in one scope, something else says so.
        && other != scope
    {
        let mut error = syn::Error::new(
            ident.span(),
            format!(
                "a signal is sent by its name, and there is another `{workflow}::{name}`: give it a name of its own"
            ),
        );
        error.combine(syn::Error::new(
            earlier.span(),
            format!("`{name}` is a signal here too"),
        ));
        errors.push(error);
    }
}
