//! Graphs to draw.

use super::super::{Drawing, Group, Kind, Line, LineKind, Shape};

pub(super) fn step(label: &str, sublabel: &str) -> Shape {
    Shape {
        label: label.to_owned(),
        sublabel: sublabel.to_owned(),
        ..Shape::default()
    }
}

pub(super) fn group(label: &str, nodes: Vec<Shape>) -> Group {
    Group {
        label: label.to_owned(),
        drawing: drawing("", nodes, &[]),
    }
}

pub(super) fn drawing(title: &str, nodes: Vec<Shape>, edges: &[(usize, usize)]) -> Drawing {
    let line = |&(from, to)| Line {
        from,
        to,
        kind: LineKind::Data,
    };
    Drawing {
        title: title.to_owned(),
        nodes,
        edges: edges.iter().map(line).collect(),
    }
}

pub(super) fn diamond() -> Drawing {
    let nodes = ["a", "b", "c", "d"].map(|name| step(name, "")).into();
    drawing("Diamond", nodes, &[(0, 1), (0, 2), (1, 3), (2, 3)])
}

/// The workflow of the guide: a fallback, an order, a `for`, an `if` and a `finally` node.
pub(super) fn checkout() -> Drawing {
    let nodes = vec![
        step(
            "rates",
            "fetch-rates or else last-known-rates\nretries 3, cached 10m",
        ),
        step("quote", "price"),
        step(
            "stock",
            "reserve-stock\nretries 5, timeout 10s, at most 50/s",
        ),
        step("charge", "charge-card"),
        Shape {
            kind: Kind::For,
            children: vec![group("for item in &stock.items", vec![step("pack", "")])],
            ..step("parcels", "")
        },
        Shape {
            kind: Kind::Branch,
            children: vec![
                group("if order.express", vec![step("courier-label", "")]),
                group("else", vec![step("post-label", "")]),
            ],
            ..step("label", "")
        },
        Shape {
            finally: true,
            ..step("release-lock", "")
        },
        step("ship", ""),
        Shape {
            kind: Kind::Result,
            ..step("Receipt", "")
        },
    ];
    let mut drawing = drawing(
        "Checkout",
        nodes,
        &[(0, 1), (1, 3), (2, 4), (4, 5), (3, 7), (5, 7), (7, 8)],
    );
    drawing.edges.push(Line {
        from: 2,
        to: 3,
        kind: LineKind::Order,
    });
    drawing
}

/// Everything that has a look of its own.
pub(super) fn all_kinds() -> Drawing {
    let inner = drawing(
        "",
        vec![
            step("fetch", "http-get"),
            step("parse", ""),
            step("store", "retries 3"),
        ],
        &[(0, 1), (1, 2), (0, 2)],
    );
    let nodes = vec![
        Shape {
            kind: Kind::Input,
            ..step("question: String", "")
        },
        Shape {
            kind: Kind::Repeat,
            ..step("answer", "turn\nat most 20 times every 30s")
        },
        Shape {
            kind: Kind::Workflow,
            ..step("audit", "Audit")
        },
        Shape {
            marks: vec!["optional".to_owned()],
            ..step("thumbnail", "render-thumbnail")
        },
        Shape {
            rule: Some("one_failed".to_owned()),
            ..step("alert", "send-alert")
        },
        Shape {
            kind: Kind::For,
            children: vec![Group {
                label: "for page in &pages, 16 at once".to_owned(),
                drawing: inner,
            }],
            ..step("pages", "")
        },
        Shape {
            kind: Kind::Branch,
            children: vec![
                group(
                    "Some(x) if x > \"1\"",
                    vec![step("first", ""), step("second", "")],
                ),
                group("None", Vec::new()),
                group(
                    "_",
                    vec![Shape {
                        kind: Kind::Workflow,
                        ..step("other", "Other")
                    }],
                ),
            ],
            ..step("choice", "match answer.kind")
        },
        Shape {
            kind: Kind::For,
            ..step("views only", "for x in xs")
        },
        Shape {
            finally: true,
            rule: Some("all_done".to_owned()),
            ..step("clean up", "")
        },
        step(
            "a name that is far too long to be shown in full in a picture",
            "a description that is far too long as well, even in small type",
        ),
        Shape {
            kind: Kind::Result,
            ..step("Vec<Option<&str>> & more", "")
        },
    ];
    let mut drawing = drawing(
        "AllKinds",
        nodes,
        &[
            (0, 1),
            (0, 2),
            (0, 5),
            (1, 6),
            (2, 6),
            (5, 7),
            (6, 10),
            (7, 10),
            (3, 9),
            (9, 10),
            (0, 3),
        ],
    );
    for (from, to, kind) in [
        (1, 4, LineKind::Outcome),
        (5, 4, LineKind::Outcome),
        (2, 5, LineKind::Order),
        (4, 8, LineKind::Outcome),
    ] {
        drawing.edges.push(Line { from, to, kind });
    }
    drawing
}

/// Rows of equally many nodes, each tied to some of the row above, the same ones each time.
pub(super) fn layered(rows: usize, columns: usize) -> Drawing {
    let nodes = (0..rows * columns)
        .map(|node| {
            step(
                &format!("node-{node}"),
                if node % 3 == 0 { "some-step" } else { "" },
            )
        })
        .collect();
    let mut random = numbers(7);
    let mut edges = Vec::new();
    for node in columns..rows * columns {
        let row = node / columns;
        for _ in 0..1 + random(2) {
            // Now and then an edge comes from far above.
            let from = if random(8) == 0 { random(row) } else { row - 1 };
            edges.push((from * columns + random(columns), node));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    drawing("Layered", nodes, &edges)
}

/// A small graph that is another one for each seed: edges lead anywhere below, shapes differ in size.
pub(super) fn random(seed: u32) -> Drawing {
    let mut next = numbers(seed.wrapping_mul(2_654_435_761).wrapping_add(1));
    let count = 1 + next(24);
    let notes = [
        "",
        "step",
        "a-step-with-a-longer-name",
        "step\nretries 3, timeout 10s",
    ];
    let mut nodes: Vec<Shape> = (0..count)
        .map(|node| step(&format!("node-{node}"), notes[next(4)]))
        .collect();
    for shape in &mut nodes {
        if next(6) == 0 {
            shape.kind = Kind::For;
            shape.children = vec![group("for x in xs", vec![step("inner", "")])];
        }
        shape.finally = next(12) == 0;
    }
    let mut edges = Vec::new();
    for to in 1..count {
        for _ in 0..next(4) {
            let from = next(to);
            // Nothing waits for a `finally` node but another one.
            if !nodes[from].finally || nodes[to].finally {
                edges.push((from, to));
            }
        }
    }
    drawing(&format!("Random{seed}"), nodes, &edges)
}

/// Numbers below a bound that look random and are the same each time.
fn numbers(seed: u32) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % below
    }
}
