//! Options of a workflow that contradict each other, or mean nothing where runs are not kept.

use syn::Ident;

use super::super::model::Workflow;
use crate::diagnostics::Errors;
use crate::text;

/// Reports what is wrong with the options of a workflow.
pub(super) fn check(workflow: &Workflow, errors: &mut Errors) {
    versions(workflow, errors);
    let options = &workflow.options;
    if let (Some(overlap), None) = (&options.overlap, &options.max_active_runs) {
        errors.at(
            &overlap.key,
            "`overlap` says what becomes of a run beyond a limit, and there is none: add `max_active_runs = 1`, or remove it",
        );
    }
    if let (Some(_), Some(input)) = (&options.schedule, workflow.inputs.first()) {
        errors.at(
            &input.name,
            "a workflow that a schedule starts takes no inputs, as nobody is there to give them: let a step find out what it needs",
        );
    }
    if let (Some(stuck), Some(deadline)) = (&options.stuck_after, &options.deadline)
        && stuck.value >= deadline.value
    {
        errors.push(stuck.error(format!(
            "a run is over before it has stood still for so long, as its deadline is {}: write less, or leave it out",
            text::source(&deadline.tokens)
        )));
    }
    if options.durable.is_none() {
        in_memory(workflow, errors);
    }
}

fn versions(workflow: &Workflow, errors: &mut Errors) {
    let options = &workflow.options;
    let Some(compatible) = &options.compatible_with else {
        return;
    };
    match &options.version {
        None => errors.at(
            &compatible.key,
            "`compatible_with` names earlier versions, and this one has none: add `version = \"1.2.0\"`",
        ),
        Some(version) if compatible.value.contains(&version.value) => errors.push(compatible.error(
            format!("`{}` is this version itself: leave it out", version.value),
        )),
        Some(_) if compatible.value.is_empty() => {
            errors.push(compatible.error("no version is named: name one, or remove `compatible_with`"));
        }
        Some(_) => {}
    }
}

/// Options about runs that are kept, where none are.
fn in_memory(workflow: &Workflow, errors: &mut Errors) {
    let options = &workflow.options;
    let given: [(Option<&Ident>, &str); 5] = [
        (
            options.compatible_with.as_ref().map(|it| &it.key),
            "is about runs that go on under a new version",
        ),
        (
            options.max_active_runs.as_ref().map(|it| &it.key),
            "counts the runs in a store",
        ),
        (
            options.stuck_after.as_ref().map(|it| &it.key),
            "watches over runs that may be left alone for long",
        ),
        (
            options.schedule.as_ref().map(|it| &it.key),
            "starts runs whoever is there",
        ),
        (
            options.priority.as_ref().map(|it| &it.key),
            "orders runs that wait in a store",
        ),
    ];
    for (key, what) in given {
        if let Some(key) = key {
            errors.at(
                key,
                format!("`{key}` {what}, and runs of this workflow are not kept: add `durable`, or remove it"),
            );
        }
    }
}
