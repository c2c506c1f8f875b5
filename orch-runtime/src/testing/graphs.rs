//! Finding a graph that changed under its version before it is deployed.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use orch_core::graph::{Fingerprint, difference};
use orch_core::plan::{Callee, NodeKind, ScopeSpec, WorkflowSpec};

use crate::program::Workflow;

/// The variable that lets graphs be written over those that are kept.
const UPDATE: &str = "UPDATE_GRAPHS";

/// The graph of each version, by lines, as the file has them.
type Versions = BTreeMap<String, Vec<String>>;

/// Compares a workflow's graph with the one that a file has of its version; a version that is new is added to the file.
///
/// The file belongs to the sources, and is committed with them.
/// What is compared is the text of the [structural fingerprint](Fingerprint), of the workflow and of those inside it:
/// names, edges, kinds and rules, but neither policies nor documentation.
/// A path that is relative is so to the package whose tests run.
///
/// With `UPDATE_GRAPHS=1` in the environment the graph takes the place of the one in the file: for a version under
/// which no run was started yet.
/// With `CI` in the environment, as continuous integration sets it, nothing is written, and a version that the file
/// does not have is an error.
///
/// ```ignore
/// #[test]
/// fn checkout_keeps_its_graph() -> Result<(), testing::GraphError> {
///     testing::graph_unchanged(Checkout, "tests/graphs/checkout.json")
/// }
/// ```
///
/// # Errors
/// If the graph is another one than the file has of this version, with the lines that differ; if the workflow has no
/// version; if the file cannot be read or written.
pub fn graph_unchanged<W: Workflow>(
    _workflow: W,
    file: impl AsRef<Path>,
) -> Result<(), GraphError> {
    let set = |name| std::env::var_os(name).is_some_and(|value| value != OsStr::new(""));
    let mode = match (set(UPDATE), set("CI")) {
        (true, _) => Mode::Update,
        (false, true) => Mode::Read,
        (false, false) => Mode::Add,
    };
    compare(&W::SPEC, file.as_ref(), mode)
}

/// What may be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Update,
    Add,
    Read,
}

/// What is wrong with a workflow's graph and the file that has it; `Debug` shows it as it is to be read, so that a test
/// may give it.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphError(String);

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for GraphError {}

fn compare(spec: &WorkflowSpec, file: &Path, mode: Mode) -> Result<(), GraphError> {
    let (name, version, shown) = (spec.name, spec.version, file.display());
    if version.is_empty() {
        return Err(GraphError(format!(
            "workflow `{name}` has no version that its graph could belong to: say `#[workflow(version = \"1\")]`"
        )));
    }
    let graph = text(spec);
    let mut versions = read(file)?;
    match versions.get(version).map(|lines| lines.join("\n")) {
        Some(kept) if kept == graph => return Ok(()),
        Some(kept) if mode != Mode::Update => {
            let difference = difference(&kept, &graph);
            return Err(GraphError(format!(
                "the graph of workflow `{name}` has changed under the version `{version}`:\n{difference}\nraise the version, and say `compatible_with = [\"{version}\"]` if runs of `{version}` may go on under the new one; if no run was started under `{version}` yet, `{UPDATE}=1` writes the graph to {shown}"
            )));
        }
        None if mode == Mode::Read => {
            return Err(GraphError(format!(
                "{shown} has no graph of workflow `{name}` in version `{version}`: run this test where `CI` is not set, and commit what it writes"
            )));
        }
        _ => {}
    }
    let lines = graph.lines().map(str::to_owned).collect();
    versions.insert(version.to_owned(), lines);
    write(file, &versions)
}

fn read(file: &Path) -> Result<Versions, GraphError> {
    let shown = file.display();
    match std::fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| GraphError(format!("{shown} is no file of graphs: {error}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Versions::new()),
        Err(error) => Err(GraphError(format!("{shown} cannot be read: {error}"))),
    }
}

fn write(file: &Path, versions: &Versions) -> Result<(), GraphError> {
    let refused = |error: &dyn fmt::Display| {
        let shown = file.display();
        GraphError(format!("{shown} cannot be written: {error}"))
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| refused(&error))?;
    }
    let mut text = serde_json::to_string_pretty(versions).map_err(|error| refused(&error))?;
    text.push('\n');
    std::fs::write(file, text).map_err(|error| refused(&error))
}

/// The workflow's graph and those of the workflows inside it, by name, as a run of it goes through all of them.
fn text(spec: &WorkflowSpec) -> String {
    let mut inside = BTreeMap::new();
    collect(spec.scope, &mut inside);
    let graphs = std::iter::once(spec).chain(inside.into_values());
    let texts = graphs.map(|spec| Fingerprint::text(spec).trim_end().to_owned());
    texts.collect::<Vec<_>>().join("\n")
}

fn collect(scope: &ScopeSpec, inside: &mut BTreeMap<String, &'static WorkflowSpec>) {
    for node in scope.nodes {
        match &node.kind {
            NodeKind::Call(callees) => enter(callees, inside),
            NodeKind::Repeat { callee, .. } => enter(std::slice::from_ref(callee), inside),
            NodeKind::For { body, .. } => collect(body, inside),
            NodeKind::Branch { arms, .. } => {
                for arm in *arms {
                    collect(arm.body, inside);
                }
            }
            NodeKind::Signal { .. } | NodeKind::Sleep { .. } => {}
        }
    }
}

fn enter(callees: &[Callee], inside: &mut BTreeMap<String, &'static WorkflowSpec>) {
    for callee in callees {
        if let Callee::Workflow(spec) = callee {
            let spec = spec();
            let path = format!("{}::{}", spec.module, spec.name);
            if inside.insert(path, spec).is_none() {
                collect(spec.scope, inside);
            }
        }
    }
}
