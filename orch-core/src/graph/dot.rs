//! A graph in Graphviz's DOT language.

use super::diagram::{Arrow, Diagram, Look, Shape};
use super::{EdgeKind, Graph};

pub(super) fn render(graph: Graph) -> String {
    let diagram = Diagram::of(graph);
    let mut text = format!("digraph {} {{\n", quoted(&[graph.name()]));
    text.push_str("    graph [compound=true, style=rounded, fontname=\"sans-serif\"]\n");
    text.push_str("    node [shape=box, style=rounded, fontname=\"sans-serif\"]\n");
    text.push_str("    edge [fontname=\"sans-serif\", fontsize=10]\n");
    for shape in &diagram.boxes {
        write_box(&mut text, shape, 1);
    }
    // Below all others, because nothing says so with an edge.
    for shape in diagram
        .boxes
        .iter()
        .filter(|shape| shape.look == Look::Finally && shape.inner.is_empty())
    {
        text.push_str(&format!("    {{ rank=sink; {} }}\n", shape.id));
    }
    for arrow in &diagram.arrows {
        text.push_str(&edge(&diagram, arrow));
    }
    text.push_str("}\n");
    text
}

fn write_box(text: &mut String, shape: &Shape, level: usize) {
    let indent = "    ".repeat(level);
    let label = quoted(&shape.label);
    if shape.inner.is_empty() {
        let looks = match shape.look {
            Look::Step | Look::Control => "",
            Look::Workflow => ", peripheries=2",
            Look::Wait => ", shape=hexagon",
            Look::Arm => ", shape=plaintext",
            Look::Finally => ", style=\"rounded,dashed\"",
        };
        text.push_str(&format!("{indent}{} [label={label}{looks}]\n", shape.id));
        return;
    }
    text.push_str(&format!("{indent}subgraph cluster_{} {{\n", shape.id));
    let looks = if shape.look == Look::Arm {
        "; style=\"rounded,dotted\""
    } else {
        ""
    };
    text.push_str(&format!("{indent}    label={label}{looks}\n"));
    for inner in &shape.inner {
        write_box(text, inner, level + 1);
    }
    text.push_str(&format!("{indent}}}\n"));
}

/// DOT draws edges between plain nodes only; one to a cluster goes to a node in it and is clipped at its border.
fn edge(diagram: &Diagram, arrow: &Arrow) -> String {
    let ends = [(&arrow.from, "ltail"), (&arrow.to, "lhead")];
    let mut options = Vec::new();
    let [from, to] = ends.map(|(id, clip)| {
        let leaves = find(&diagram.boxes, id)
            .map(Shape::leaves)
            .unwrap_or_default();
        let leaf = if clip == "ltail" {
            leaves.last()
        } else {
            leaves.first()
        };
        match leaf {
            Some(leaf) if leaf.id != *id => {
                options.push(format!("{clip}=cluster_{id}"));
                leaf.id.clone()
            }
            _ => id.clone(),
        }
    });
    match arrow.kind {
        EdgeKind::Data => {}
        EdgeKind::Outcome => options.push("label=\"outcome\"".to_owned()),
        EdgeKind::Order => options.push("style=dashed".to_owned()),
    }
    let options = if options.is_empty() {
        String::new()
    } else {
        format!(" [{}]", options.join(", "))
    };
    format!("    {from} -> {to}{options}\n")
}

fn find<'a>(boxes: &'a [Shape], id: &str) -> Option<&'a Shape> {
    boxes.iter().find_map(|shape| {
        if shape.id == id {
            Some(shape)
        } else {
            find(&shape.inner, id)
        }
    })
}

/// Lines of text as one quoted string.
fn quoted(lines: &[impl AsRef<str>]) -> String {
    let mut text = String::from("\"");
    for (index, line) in lines.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { "\\n" });
        for c in line.as_ref().chars() {
            match c {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                c if c.is_control() => text.push(' '),
                c => text.push(c),
            }
        }
    }
    text.push('"');
    text
}
