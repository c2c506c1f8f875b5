//! What an expansion costs the compiler: bytes that are not blank, the documentation and the picture aside.

use std::fmt::Write as _;

use crate::workflow::workflow;

/// Bytes for a node, for an edge, and for what every workflow has.
const NODE: usize = 360;
const EDGE: usize = 70;
const WHOLE: usize = 2_000;

/// Bytes for a node of a durable workflow, which says how its value is recorded and placed.
const DURABLE_NODE: usize = 480;

/// The size of an expansion without its picture.
fn size(text: &str) -> usize {
    let expanded = workflow(text.parse().unwrap()).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    let from = expanded.find("<svg").unwrap();
    let to = expanded.find("</svg>").unwrap() + "</svg>".len();
    let around = expanded[..from].chars().chain(expanded[to..].chars());
    around.filter(|letter| !letter.is_whitespace()).count()
}

/// A chain of steps that all differ, each of which can end the workflow.
fn different(nodes: usize) -> String {
    let mut text = String::from(
        "#[workflow(node_limit = 2000)] pub Different(n0: u64) -> Result<u64, Refused> {",
    );
    for idx in 1..=nodes {
        write!(text, "n{idx} = step_{idx}(&n{});", idx - 1).unwrap();
    }
    write!(text, "n{nodes} }}").unwrap();
    text
}

fn chain(nodes: usize) -> String {
    let mut text = String::from("#[workflow(node_limit = 2000)] pub Chain(n0: u64) -> u64 {");
    for idx in 1..=nodes {
        write!(text, "n{idx} = increment(&n{});", idx - 1).unwrap();
    }
    write!(text, "n{nodes} }}").unwrap();
    text
}

fn layers(depth: usize, width: usize) -> String {
    let mut text = String::from("#[workflow(node_limit = 2000)] pub Layers(n: u64) -> u64 {");
    for layer in 0..depth {
        for at in 0..width {
            let name = |at: usize| match layer {
                0 => "&n".to_owned(),
                _ => format!("&l{}_{}", layer - 1, at % width),
            };
            let (a, b, c) = (name(at), name(at + 1), name(at + 2));
            write!(text, "l{layer}_{at} = combine({a}, {b}, {c});").unwrap();
        }
    }
    for at in 1..width {
        write!(text, "_last{at} = increment(&l{}_{at});", depth - 1).unwrap();
    }
    write!(text, "l{}_0 }}", depth - 1).unwrap();
    text
}

/// Nodes that all use the same values by value, which are copied.
fn copies(nodes: usize) -> String {
    let mut text = String::from("#[workflow(node_limit = 2000)] pub Copies(n0: u64) -> u64 {");
    for idx in 1..=nodes {
        write!(text, "n{idx} = add(n0, n{});", (idx - 1) / 2).unwrap();
    }
    write!(text, "n{nodes} }}").unwrap();
    text
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is what one looks for")]
fn expansions_stay_within_their_budget() {
    let durable = |text: String| text.replace("node_limit", "durable, node_limit");
    let shapes = [
        (
            "diamond",
            "pub D(n: u64) -> u64 { a = f(n); b = f(&a); c = f(&a); g(&b, &c) }".to_owned(),
            4,
            5,
            NODE,
        ),
        ("chain of 100 calls", chain(100), 100, 100, NODE),
        ("chain of 100 steps", different(100), 100, 100, NODE),
        ("values that are copied", copies(100), 100, 200, NODE),
        ("layers, 20 of 50", layers(20, 50), 1049, 3049, NODE),
        ("durable chain", durable(chain(100)), 100, 100, DURABLE_NODE),
        (
            "durable steps",
            durable(different(100)),
            100,
            100,
            DURABLE_NODE,
        ),
        (
            "durable layers",
            durable(layers(20, 50)),
            1049,
            3049,
            DURABLE_NODE,
        ),
    ];
    let mut over = Vec::new();
    for (name, text, nodes, edges, node) in shapes {
        let (size, budget) = (size(&text), WHOLE + nodes * node + edges * EDGE);
        println!("{name}: {size} of {budget} bytes, {} a node", size / nodes);
        if size > budget {
            over.push(format!(
                "{name}: {size} bytes are over the budget of {budget}"
            ));
        }
    }
    assert!(over.is_empty(), "{over:?}");
}
