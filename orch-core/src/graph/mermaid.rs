//! A graph as a Mermaid flowchart.

use super::diagram::{Diagram, Look, Shape};
use super::{EdgeKind, Graph};

pub(super) fn render(graph: Graph) -> String {
    let diagram = Diagram::of(graph);
    let mut text = String::from("flowchart TD\n");
    for shape in &diagram.boxes {
        write_box(&mut text, shape, 1);
    }
    for arrow in &diagram.arrows {
        let line = match arrow.kind {
            EdgeKind::Data => "-->",
            EdgeKind::Outcome => "-- outcome -->",
            EdgeKind::Order => "-.->",
        };
        text.push_str(&format!("    {} {line} {}\n", arrow.from, arrow.to));
    }
    if text.contains(":::finally") {
        text.push_str("    classDef finally stroke-dasharray: 4 3\n");
    }
    text
}

fn write_box(text: &mut String, shape: &Shape, level: usize) {
    let indent = "    ".repeat(level);
    let Shape { id, .. } = shape;
    if shape.inner.is_empty() {
        let label = label(&shape.label, "<br>");
        let line = match shape.look {
            Look::Step | Look::Control => format!("{id}[\"{label}\"]"),
            Look::Workflow => format!("{id}[[\"{label}\"]]"),
            Look::Wait => format!("{id}{{{{\"{label}\"}}}}"),
            Look::Arm => format!("{id}([\"{label}\"])"),
            Look::Finally => format!("{id}[\"{label}\"]:::finally"),
        };
        text.push_str(&format!("{indent}{line}\n"));
        return;
    }
    text.push_str(&format!(
        "{indent}subgraph {id}[\"{}\"]\n",
        label(&shape.label, ": ")
    ));
    for inner in &shape.inner {
        write_box(text, inner, level + 1);
    }
    text.push_str(&format!("{indent}end\n"));
}

fn label(lines: &[String], separator: &str) -> String {
    lines
        .iter()
        .map(|line| escape(line))
        .collect::<Vec<_>>()
        .join(separator)
}

/// With an entity for everything that ends a quoted label, begins Markdown or is taken for HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | '`' | '*' | '_' | '\\' => {
                escaped.push_str(&format!("#{};", c as u32));
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
