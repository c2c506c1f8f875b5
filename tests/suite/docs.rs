//! What the documentation lists is what the code has.

use orch::{ErrorKind, NodeError, Place, RunError, RunId};

const ERRORS: &str = include_str!("../../docs/errors.md");

/// The part of the page under the heading that ends with this type.
fn section(of: &str) -> &'static str {
    ERRORS
        .split("\n## ")
        .find(|part| {
            part.lines()
                .next()
                .is_some_and(|heading| heading.ends_with(&format!("`{of}`")))
        })
        .unwrap_or_else(|| panic!("no section for `{of}`"))
}

fn lists(of: &str, code: &str) {
    assert!(
        section(of).contains(&format!("\n| `{code}` |")),
        "docs/errors.md does not list `{code}` under `{of}`"
    );
}

#[test]
fn every_kind_of_failure_is_listed() {
    for kind in ErrorKind::ALL {
        lists("ErrorKind", kind.code());
    }
}

#[test]
fn every_end_of_a_run_is_listed() {
    let id = || RunId::new("a");
    let why = || "a reason".to_owned();
    let failed: RunError = RunError::failed(id(), "Flow", Vec::new());
    let timed_out: RunError = RunError::timed_out(id(), "Flow", why(), Vec::new());
    let cancelled: RunError = RunError::cancelled(id(), "Flow", why(), Vec::new());
    let place = Place {
        run: id(),
        workflow: "Flow",
        node: "node".into(),
        step: "step",
        items: Vec::new(),
    };
    let panic = NodeError::new(ErrorKind::Panicked, place, 1, why());
    let panicked: RunError = RunError::failed(id(), "Flow", vec![panic]);
    assert!(matches!(panicked, RunError::Panicked(_)));
    for error in [&failed, &panicked, &timed_out, &cancelled] {
        lists("RunError", error.code());
    }
}
