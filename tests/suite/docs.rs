//! What the documentation lists is what the code has.

use std::collections::BTreeSet;
use std::path::Path;

use orch::store::StoreErrorKind;
use orch::{
    ArtifactErrorKind, ErrorKind, NodeError, Place, RunError, RunId, RunStatus, StartError,
    SteerError,
};

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
    let interrupted: RunError = RunError::interrupted(id(), "Flow", why());
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
    for error in [&failed, &panicked, &timed_out, &cancelled, &interrupted] {
        lists("RunError", error.code());
    }
}

const CAPABILITIES: &str = include_str!("../../docs/capabilities.md");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Whether a test of this path exists: `suite::engine::…`, or one beside the code of a crate.
fn has_test(path: &str) -> bool {
    let mut parts: Vec<_> = path.split("::").collect();
    let name = format!("fn {}(", parts.pop().unwrap());
    let folder = match parts.remove(0) {
        "suite" => "tests/suite",
        "examples" => "tests/examples",
        "core" => "orch-core/src",
        "runtime" => "orch-runtime/src",
        "macros" => "orch-macros/src",
        other => panic!("`{path}`: there are no tests in `{other}`"),
    };
    let folder = Path::new(ROOT).join(folder);
    // The module itself, or the file of a module around it.
    (1..=parts.len()).any(|depth| {
        let module = folder.join(parts[..depth].join("/"));
        [module.with_extension("rs"), module.join("mod.rs")]
            .iter()
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .any(|text| text.contains(&name))
    })
}

/// Whether what is in backticks shows something, and is there; `None` where it is a piece of code.
fn shows(quoted: &str) -> Option<bool> {
    let starts = |starts: &[&str]| {
        let longer = |start: &&str| quoted.len() > start.len() && quoted.starts_with(*start);
        starts.iter().any(longer) && !quoted.ends_with('…')
    };
    let exists = |path: &str| Path::new(ROOT).join(path).exists();
    if starts(&["suite::", "examples::", "core::", "runtime::", "macros::"]) {
        Some(has_test(quoted))
    } else if starts(&["ui/"]) {
        Some(exists(&format!("tests/{quoted}")))
    } else if starts(&["tests/", "examples/", "orch-", "docs/"]) {
        Some(exists(quoted))
    } else {
        None
    }
}

#[test]
fn what_shows_a_capability_exists() {
    assert_eq!(
        shows("suite::docs::what_shows_a_capability_exists"),
        Some(true)
    );
    assert_eq!(shows("suite::docs::what_shows_nothing"), Some(false));
    assert_eq!(shows("ui/workflow/pass/nothing.rs"), Some(false));
    assert_eq!(shows("tests/nothing"), Some(false));

    for quoted in CAPABILITIES.split('`').skip(1).step_by(2) {
        assert!(shows(quoted) != Some(false), "`{quoted}` is not there");
    }
    let rows = CAPABILITIES.lines().filter_map(|line| {
        // A closure's bars are escaped.
        let line = line.replace("\\|", "");
        let cells: Vec<_> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        let number: u32 = cells[0].parse().ok()?;
        Some((number, cells))
    });
    let mut numbers = Vec::new();
    for (number, cells) in rows {
        numbers.push(number);
        let shown = cells[3]
            .split('`')
            .skip(1)
            .step_by(2)
            .any(|quoted| shows(quoted) == Some(true));
        match &*cells[2] {
            "yes" | "part" | "otherwise" => assert!(shown, "nothing shows row {number}"),
            "not yet" => assert_eq!(cells[3], "", "row {number}"),
            other => panic!("row {number} is `{other}`"),
        }
    }
    assert!(numbers.into_iter().eq(1..=144), "each row once, in order");
}

#[test]
fn the_readme_compares() {
    let readme = include_str!("../../README.md");
    let axes = [
        "language",
        "durable execution",
        "user interface",
        "scalability",
        "learning curve",
        "to host",
        "cloud-native",
        "best for",
    ];
    for axis in axes {
        let row = readme
            .lines()
            .find(|line| line.starts_with(&format!("| {axis} |")));
        assert!(
            row.is_some_and(|row| row.matches(" | ").count() == 3),
            "{axis}"
        );
    }
}

/// The codes in the first column of the table of a section.
fn codes(of: &str) -> BTreeSet<&'static str> {
    let rows = section(of).lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.split('`').nth(1).unwrap()).collect()
}

#[test]
fn every_kind_of_failure_that_is_listed_is_there() {
    let there = ErrorKind::ALL.map(ErrorKind::code);
    assert_eq!(codes("ErrorKind"), there.into_iter().collect());
}

#[test]
fn every_mistake_of_a_duration_is_listed() {
    let mistakes = [
        "",
        "-1s",
        "1.5s",
        "s",
        "10",
        "10y",
        "1s1m",
        "99999999999999999999d",
    ];
    let there = mistakes.map(|text| orch::duration::parse(text).unwrap_err().code());
    assert_eq!(codes("DurationError"), there.into_iter().collect());
}

#[test]
fn every_reason_not_to_start_is_listed() {
    let (workflow, reason) = ("Flow", String::new);
    let reasons = [
        StartError::MissingResource {
            workflow,
            resource: "Client",
        },
        StartError::NoRuntime,
        StartError::EmptyId,
        StartError::NoStore { workflow },
        StartError::NotRegistered { workflow },
        StartError::Unkept {
            workflow,
            inner: "Inside",
            wait: "sleep",
        },
        StartError::Input {
            workflow,
            reason: reason(),
        },
        StartError::Overlap { workflow, limit: 1 },
        StartError::OtherWorkflow {
            id: RunId::new("a"),
            workflow,
            kept: reason(),
        },
        StartError::Forgotten {
            workflow: "A",
            inner: "B",
        },
        StartError::ShuttingDown,
        StartError::Store { reason: reason() },
    ];
    for error in &reasons {
        let row = format!("\n| `StartError` | `{}` |", error.code());
        assert!(ERRORS.contains(&row), "{row}");
    }
    let listed = ERRORS.matches("\n| `StartError` |").count();
    assert_eq!(listed, reasons.len());
}

#[test]
fn every_reason_not_to_steer_is_listed() {
    let (run, reason) = (|| RunId::new("a"), String::new);
    let status = RunStatus::Failed;
    let reasons = [
        SteerError::NoRun { run: run() },
        SteerError::Inside {
            run: run(),
            outermost: run(),
        },
        SteerError::Ended { run: run(), status },
        SteerError::NotEnded { run: run(), status },
        SteerError::Node {
            node: reason(),
            reason: reason(),
        },
        SteerError::NotAllowed {
            by: reason(),
            approvers: Vec::new(),
        },
        SteerError::Value { reason: reason() },
        SteerError::NotHeld { run: run() },
        SteerError::NotRegistered { workflow: reason() },
        SteerError::Store { reason: reason() },
    ];
    let there = reasons.iter().map(SteerError::code);
    assert_eq!(codes("SteerError"), there.collect());
}

#[test]
fn every_trouble_of_a_store_is_listed() {
    let kinds = [
        StoreErrorKind::Full,
        StoreErrorKind::ReadOnly,
        StoreErrorKind::Busy,
        StoreErrorKind::Missing,
        StoreErrorKind::Corrupt,
        StoreErrorKind::Version,
        StoreErrorKind::Io,
    ];
    assert_eq!(
        codes("StoreErrorKind"),
        kinds.map(StoreErrorKind::code).into()
    );
}

#[test]
fn every_kind_of_an_artifacts_failure_is_listed() {
    let kinds = [
        ArtifactErrorKind::Encoding,
        ArtifactErrorKind::Decoding,
        ArtifactErrorKind::Missing,
        ArtifactErrorKind::TooLarge,
        ArtifactErrorKind::Store,
    ];
    assert_eq!(
        codes("ArtifactErrorKind"),
        kinds.map(ArtifactErrorKind::code).into()
    );
}
