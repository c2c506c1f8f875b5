//! The same program in the words of each library: 100 steps, and 10 workflows of 20 nodes in five levels.

use std::fmt::Write as _;
use std::path::Path;

/// A crate to be written.
pub(crate) struct Program {
    /// What it is called in tables.
    pub(crate) title: &'static str,
    /// Its directory.
    pub(crate) name: String,
    /// Lines of `[dependencies]`.
    pub(crate) dependencies: String,
    /// `src/main.rs`.
    pub(crate) source: String,
}

const STEPS: usize = 100;
const WORKFLOWS: usize = 10;
const LEVELS: usize = 5;
const WIDTH: usize = 4;
const NODES: usize = LEVELS * WIDTH;
const TOKIO: &str =
    "tokio = { version = \"1\", features = [\"rt\", \"time\", \"sync\", \"macros\"] }\n";

pub(crate) const DAGX: &str = "dagx = \"=0.3.1\"\n";
pub(crate) const SAYIIR: &str =
    "sayiir-core = \"=1.0.0\"\nsayiir-macros = \"=1.0.0\"\nsayiir-runtime = \"=1.0.0\"\n";
pub(crate) const CLOACINA: &str = "cloacina = { version = \"=0.11.1\", default-features = false, features = [\"macros\", \"sqlite\"] }
cloacina-workflow = \"=0.11.1\"
";

/// All that are compared, Orch first, and tokio by hand second.
pub(crate) fn all(workspace: &Path) -> Vec<Program> {
    let program = |title, name: &str, dependencies: &str, source| Program {
        title,
        name: name.to_owned(),
        dependencies: format!("{TOKIO}{dependencies}"),
        source,
    };
    vec![
        program("Orch", "with-orch", &orch_at(workspace, ""), orch()),
        program("tokio by hand", "by-hand", "", by_hand()),
        program(
            "dagx 0.3.1",
            "with-dagx",
            &format!("{DAGX}futures = \"0.3\"\n"),
            dagx(),
        ),
        program("sayiir 1.0.0", "with-sayiir", SAYIIR, sayiir()),
        program(
            "cloacina 0.11.1",
            "with-cloacina",
            &format!("{CLOACINA}serde_json = \"1\"\n"),
            cloacina(),
        ),
    ]
}

/// One workflow of so many nodes, each of which reads two others.
pub(crate) fn long(workspace: &Path, nodes: usize) -> Program {
    let mut source = String::from(
        "use orch::prelude::*;\n\n#[step]\nasync fn join(a: u64, b: u64) -> u64 {\n    a ^ b\n}\n\n",
    );
    let mut equations = String::from("n0 = join(seed, seed);\n");
    for n in 1..nodes {
        let before = n.saturating_sub(7);
        line(
            &mut equations,
            format_args!("n{n} = join(n{}, n{before});", n - 1),
        );
    }
    line(
        &mut source,
        format_args!(
            "workflow! {{\n#[workflow(node_limit = {nodes})]\npub Long(seed: u64) -> u64 {{\n{equations}n{}\n}}\n}}",
            nodes - 1
        ),
    );
    Program {
        title: "Orch",
        name: format!("nodes-{nodes}"),
        dependencies: format!("{TOKIO}{}", orch_at(workspace, "")),
        source: source + &main_of("drop(Long::run(1).await);"),
    }
}

/// A crate of nothing but its dependencies.
pub(crate) fn empty(title: &'static str, name: &str, dependencies: String) -> Program {
    Program {
        title,
        name: name.to_owned(),
        dependencies,
        source: "fn main() {}\n".to_owned(),
    }
}

/// What the engine and its macros are measured against.
pub(crate) fn tokio_and_serde() -> String {
    format!("{TOKIO}serde = {{ version = \"1\", features = [\"derive\"] }}\n")
}

/// A dependency on this repository's own Orch.
pub(crate) fn orch_at(workspace: &Path, options: &str) -> String {
    format!("orch-rs = {{ path = {workspace:?}{options} }}\n")
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let written = writeln!(text, "{arguments}");
    written.unwrap_or_else(|_| unreachable!("strings grow"));
}

fn main_of(body: &str) -> String {
    format!("#[tokio::main(flavor = \"current_thread\")]\nasync fn main() {{\n{body}\n}}\n")
}

/// For each node of a workflow, its step and the two nodes it reads; none reads the input.
fn nodes(workflow: usize) -> impl Iterator<Item = (usize, usize, Option<[usize; 2]>)> {
    (0..NODES).map(move |node| {
        let (level, place) = (node / WIDTH, node % WIDTH);
        let inputs = level
            .checked_sub(1)
            .map(|before| [place, (place + 1) % WIDTH].map(|input| before * WIDTH + input));
        (node, (workflow * WORKFLOWS + node) % STEPS, inputs)
    })
}

fn last_level(join: &str) -> String {
    let names: Vec<_> = (NODES - WIDTH..NODES)
        .map(|node| format!("n{node}"))
        .collect();
    names.join(join)
}

fn orch() -> String {
    let mut source = String::from("use orch::prelude::*;\n");
    for step in 0..STEPS {
        line(
            &mut source,
            format_args!(
                "\n#[step]\nasync fn s{step}(a: u64, b: u64) -> u64 {{\n    a.wrapping_mul({step}) ^ b\n}}"
            ),
        );
    }
    let mut runs = String::new();
    for workflow in 0..WORKFLOWS {
        line(
            &mut source,
            format_args!("\nworkflow! {{\n    pub W{workflow}(seed: u64) -> u64 {{"),
        );
        for (node, step, inputs) in nodes(workflow) {
            let inputs = inputs.map_or("seed, seed".to_owned(), |[a, b]| format!("n{a}, n{b}"));
            line(
                &mut source,
                format_args!("        n{node} = s{step}({inputs});"),
            );
        }
        line(
            &mut source,
            format_args!("        {}\n    }}\n}}", last_level(" ^ ")),
        );
        line(
            &mut runs,
            format_args!("    drop(W{workflow}::run({workflow}).await);"),
        );
    }
    source + "\n" + &main_of(&runs)
}

fn by_hand() -> String {
    let mut source = String::new();
    for step in 0..STEPS {
        line(
            &mut source,
            format_args!(
                "async fn s{step}(a: u64, b: u64) -> u64 {{\n    a.wrapping_mul({step}) ^ b\n}}\n"
            ),
        );
    }
    let mut runs = String::new();
    for workflow in 0..WORKFLOWS {
        line(
            &mut source,
            format_args!("async fn w{workflow}(seed: u64) -> u64 {{"),
        );
        let all: Vec<_> = nodes(workflow).collect();
        for level in all.chunks(WIDTH) {
            let names: Vec<_> = level.iter().map(|(node, ..)| format!("n{node}")).collect();
            let calls: Vec<_> = level
                .iter()
                .map(|(_, step, inputs)| {
                    let inputs =
                        inputs.map_or("seed, seed".to_owned(), |[a, b]| format!("n{a}, n{b}"));
                    format!("s{step}({inputs})")
                })
                .collect();
            line(
                &mut source,
                format_args!(
                    "    let ({}) = tokio::join!({});",
                    names.join(", "),
                    calls.join(", ")
                ),
            );
        }
        line(&mut source, format_args!("    {}\n}}\n", last_level(" ^ ")));
        line(
            &mut runs,
            format_args!("    w{workflow}({workflow}).await;"),
        );
    }
    source + &main_of(&runs)
}

fn dagx() -> String {
    let mut source = String::from(
        "use dagx::{DagRunner, Task, TaskHandle, task};\n\nstruct Seed(u64);\n\n#[task]\nimpl Seed {\n    async fn run(&self) -> u64 {\n        self.0\n    }\n}\n",
    );
    for step in 0..STEPS {
        line(
            &mut source,
            format_args!(
                "\nstruct S{step};\n\n#[task]\nimpl S{step} {{\n    async fn run(a: &u64, b: &u64) -> u64 {{\n        a.wrapping_mul({step}) ^ b\n    }}\n}}"
            ),
        );
    }
    let mut runs = String::new();
    for workflow in 0..WORKFLOWS {
        line(
            &mut source,
            format_args!(
                "\nasync fn w{workflow}(seed: u64) -> u64 {{\n    let dag = DagRunner::new();\n    let seed: TaskHandle<u64> = dag.add_task(Seed(seed)).into();"
            ),
        );
        for (node, step, inputs) in nodes(workflow) {
            let inputs = inputs.map_or("&seed, &seed".to_owned(), |[a, b]| format!("&n{a}, &n{b}"));
            line(
                &mut source,
                format_args!("    let n{node} = dag.add_task(S{step}).depends_on(({inputs}));"),
            );
        }
        line(
            &mut source,
            format_args!("    dag.run(|node| drop(tokio::spawn(node))).await.unwrap();"),
        );
        let values: Vec<_> = (NODES - WIDTH..NODES)
            .map(|node| format!("dag.get(n{node}).unwrap()"))
            .collect();
        line(&mut source, format_args!("    {}\n}}", values.join(" ^ ")));
        line(
            &mut runs,
            format_args!("    w{workflow}({workflow}).await;"),
        );
    }
    source + "\n" + &main_of(&runs)
}

/// In a row, as sayiir has no nodes with two inputs from anywhere.
fn sayiir() -> String {
    let mut source = String::from(
        "use sayiir_core::error::BoxError;\nuse sayiir_core::workflow::SerializableWorkflow;\nuse sayiir_runtime::{task, workflow};\n",
    );
    for step in 0..STEPS {
        line(
            &mut source,
            format_args!(
                "\n#[task]\nasync fn s{step}(a: u64) -> Result<u64, BoxError> {{\n    Ok(a.wrapping_mul({step}))\n}}"
            ),
        );
    }
    let mut runs = String::new();
    for workflow in 0..WORKFLOWS {
        let steps: Vec<_> = nodes(workflow)
            .map(|(_, step, _)| format!("s{step}"))
            .collect();
        line(
            &mut source,
            format_args!(
                "\nfn w{workflow}() {{\n    let workflow: Result<SerializableWorkflow<_, u64>, _> = workflow! {{\n        name: \"w{workflow}\",\n        steps: [{}]\n    }};\n    drop(workflow);\n}}",
                steps.join(", ")
            ),
        );
        line(&mut runs, format_args!("    w{workflow}();"));
    }
    source + "\n" + &main_of(&runs)
}

/// Its tasks belong to one workflow each and share a context, so there are 200 of them that call the 100 steps.
fn cloacina() -> String {
    let mut source = String::from(
        "#![allow(unused_imports)]\nuse cloacina::{task, workflow, Context, TaskError};\n",
    );
    for step in 0..STEPS {
        line(
            &mut source,
            format_args!(
                "\nasync fn s{step}(a: u64, b: u64) -> u64 {{\n    a.wrapping_mul({step}) ^ b\n}}"
            ),
        );
    }
    for workflow in 0..WORKFLOWS {
        line(
            &mut source,
            format_args!(
                "\n#[workflow(name = \"w{workflow}\", description = \"\")]\npub mod w{workflow} {{\n    use super::*;"
            ),
        );
        for (node, step, inputs) in nodes(workflow) {
            let before = inputs.map_or(String::new(), |[a, b]| {
                format!("\"w{workflow}_n{a}\", \"w{workflow}_n{b}\"")
            });
            let read = inputs.map_or("1, 1".to_owned(), |inputs| {
                inputs.map(|input| format!("context.get(\"n{input}\").and_then(|value| value.as_u64()).unwrap_or(0)")).join(", ")
            });
            line(
                &mut source,
                format_args!(
                    "\n    #[task(id = \"w{workflow}_n{node}\", dependencies = [{before}])]\n    pub async fn w{workflow}_n{node}(context: &mut Context<serde_json::Value>) -> Result<(), TaskError> {{\n        let value = s{step}({read}).await;\n        context.insert(\"n{node}\", serde_json::json!(value))?;\n        Ok(())\n    }}"
                ),
            );
        }
        line(&mut source, format_args!("}}"));
    }
    source + "\nfn main() {}\n"
}
