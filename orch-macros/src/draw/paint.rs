//! Writes a scene down as SVG.

use std::fmt::Write as _;

use super::place::{Point, Route};
use super::scene::{Inner, Item, MARK, Scene};
use super::text::{Fitted, push_escaped};
use super::{Drawing, Kind, LineKind};

/// The room around everything.
const MARGIN: f64 = 4.0;

/// An edge that would bend by no more than this runs straight and ends that far from the middle of a node.
const STRAIGHT: i64 = 3;

/// The looks, for one picture: `@` stands for its id.
///
/// Text and edges have the page's own color; shapes have colors of middle brightness with nearly clear fills,
/// so that they fit light pages and dark ones alike, whatever theme the reader chose.
/// Only a picture that is a document of its own asks for the system's colors.
const STYLE: &str = "<style>\
#@:root{color-scheme:light dark;color:CanvasText}\
#@{fill:none}\
#@ text{fill:currentColor;text-anchor:middle;font-size:11px;font-family:\"Fira Sans\",system-ui,sans-serif}\
#@ .n text{font-size:13px;font-weight:600}\
#@ .u{opacity:.75}\
#@ text.l{text-anchor:start}\
#@ .t{font-style:italic}\
#@ .e{stroke:currentColor;stroke-width:1.2;opacity:.6}\
#@ .y{stroke-dasharray:4 3}\
#@ .o{stroke:#e0526a;opacity:1}\
#@ marker{fill:currentColor}\
#@ .om{fill:#e0526a}\
#@ .f{stroke-dasharray:5 3}\
#@ .x{stroke:currentColor;stroke-opacity:.35;stroke-dasharray:2 3}\
#@ .h{fill-opacity:.13}\
#@ .c{fill-opacity:.05}\
#@ .i{fill:#8a8f98;stroke:#8a8f98}\
#@ .s{fill:#4a8df0;stroke:#4a8df0}\
#@ .w{fill:#9a6cf0;stroke:#9a6cf0}\
#@ .q{fill:#16a085;stroke:#16a085}\
#@ .b{fill:#d9822b;stroke:#d9822b}\
#@ .r{fill:#d65db1;stroke:#d65db1}\
#@ .v{fill:#b59a1f;stroke:#b59a1f}\
#@ .m{fill:none;stroke-width:1.4}\
</style>\n";

/// The whole picture.
pub(super) fn paint(drawing: &Drawing, scene: &Scene<'_>) -> String {
    let mut painter = Painter::default();
    painter.scene(scene, Point::new(MARGIN, MARGIN));
    let id = id(&drawing.title);
    let mut title = String::new();
    push_escaped(&mut title, &drawing.title);
    let [width, height] = [scene.width, scene.height].map(|side| round(side + 2.0 * MARGIN) + 1);
    let (nodes, edges) = (drawing.nodes.len(), drawing.edges.len());
    // Half a pixel aside, so that lines of one pixel at whole coordinates are crisp.
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{id}\" role=\"img\" \
         aria-label=\"Graph of {title}: {nodes} nodes, {edges} edges\" \
         viewBox=\"-.5 -.5 {width} {height}\" width=\"{width}\" style=\"display:block;max-width:100%;height:auto;margin:1em 0\">\n\
         <title>{title}</title>\n"
    );
    svg.push_str(&STYLE.replace('@', &id));
    painter.finish(&mut svg, &id);
    svg.push_str("</svg>\n");
    svg
}

/// What is painted so far, sorted by looks, so that a look is named once and not for each thing.
#[derive(Default)]
struct Painter {
    /// Shapes that hold others, by kind.
    containers: [String; KINDS.len()],
    /// Frames of arms.
    frames: String,
    /// Shapes that hold nothing, by kind.
    shapes: [String; KINDS.len()],
    /// The marks beside names, by kind.
    marks: [String; KINDS.len()],
    /// Edges, by kind.
    edges: [String; LINES.len()],
    names: String,
    notes: String,
    tags: String,
}

/// The kinds of shapes with their classes, and the mark of each, 11 pixels wide.
const KINDS: [(Kind, &str, &str); 9] = [
    (Kind::Input, "i", ""),
    (Kind::Step, "s", ""),
    // A frame with two bars, as flowcharts draw what is defined elsewhere.
    (Kind::Workflow, "w", "M0 1h11v9h-11zM3 1v9M8 1v9"),
    // A sheet upon another one.
    (Kind::For, "q", "M0 3.5h7.5v7.5h-7.5zM3 3v-2.5h7.5v7.5h-2.5"),
    (Kind::Branch, "b", "M5.5 0l5.5 5.5-5.5 5.5-5.5-5.5z"),
    // An arrow in a circle.
    (
        Kind::Repeat,
        "r",
        "M9.7 3.2a5 5 0 1 0 .8 3.3M10.6 .4v3.2h-3.2",
    ),
    // An envelope.
    (Kind::Signal, "v", "M0 1.5h11v8h-11zM0 1.5l5.5 4.5 5.5-4.5"),
    // A clock.
    (
        Kind::Sleep,
        "v",
        "M10.5 5.5a5 5 0 1 1-10 0 5 5 0 0 1 10 0zM5.5 2.5v3h2.5",
    ),
    (Kind::Result, "i", ""),
];

/// The kinds of edges with their classes, their arrowheads and what they mean.
const LINES: [(LineKind, &str, &str, &str); 3] = [
    (LineKind::Data, "e", "a", "reads its value"),
    (LineKind::Order, "e y", "a", "only waits for it"),
    (LineKind::Outcome, "e o", "o", "reads its outcome"),
];

impl Painter {
    fn scene(&mut self, scene: &Scene<'_>, origin: Point) {
        for (line, route) in scene.drawing.edges.iter().zip(&scene.routes) {
            if let Some(route) = route {
                let look = LINES
                    .iter()
                    .position(|(kind, ..)| *kind == line.kind)
                    .unwrap_or(0);
                push_route(&mut self.edges[look], route, origin);
            }
        }
        for (corner, item) in &scene.items {
            self.item(item, Point::new(origin.x + corner.x, origin.y + corner.y));
        }
    }

    fn item(&mut self, item: &Item<'_>, corner: Point) {
        let look = KINDS
            .iter()
            .position(|(kind, ..)| *kind == item.shape.kind)
            .unwrap_or(0);
        let container = item.is_container();
        let class = if item.shape.finally {
            " class=\"f\""
        } else {
            ""
        };
        let radius = match item.shape.kind {
            _ if container => 10.0,
            Kind::Input | Kind::Result => item.height / 2.0,
            _ => 6.0,
        };
        let layer = if container {
            &mut self.containers
        } else {
            &mut self.shapes
        };
        push_rect(
            &mut layer[look],
            corner,
            (item.width, item.height),
            radius,
            class,
        );
        self.text(item, corner, look);
        for inner in &item.inner {
            self.inner(inner, corner);
        }
    }

    fn text(&mut self, item: &Item<'_>, corner: Point, look: usize) {
        let middle = corner.x + item.width / 2.0;
        let left = corner.x + 12.0;
        let container = item.is_container();
        let baseline = corner.y + item.name_line();
        if KINDS[look].2.is_empty() {
            push_text(
                &mut self.names,
                Point::new(middle, baseline),
                &item.name,
                "",
            );
        } else {
            let x = if container {
                left
            } else {
                middle - (item.name.width + MARK) / 2.0
            };
            let (mark, text) = (round(x), Point::new(x + MARK, baseline));
            let _ = write!(
                self.marks[look],
                "<path d=\"{}\" transform=\"translate({mark} {})\"/>",
                KINDS[look].2,
                round(baseline) - 10
            );
            push_text(&mut self.names, text, &item.name, " class=\"l\"");
        }
        let (x, class) = if container {
            (left, " class=\"l\"")
        } else {
            (middle, "")
        };
        let mut lines = item.note_lines();
        for (note, line) in item.notes.iter().zip(&mut lines) {
            push_text(
                &mut self.notes,
                Point {
                    x,
                    y: corner.y + line,
                },
                note,
                class,
            );
        }
        for (tags, line) in item.tags.iter().zip(&mut lines) {
            push_text(
                &mut self.tags,
                Point {
                    x,
                    y: corner.y + line,
                },
                tags,
                class,
            );
        }
    }

    fn inner(&mut self, inner: &Inner<'_>, corner: Point) {
        if let Some(label) = &inner.label {
            let frame = Point::new(corner.x + inner.corner.x, corner.y + inner.corner.y);
            push_rect(
                &mut self.frames,
                frame,
                (inner.width, inner.height),
                8.0,
                "",
            );
            let text = Point::new(frame.x + inner.width / 2.0, corner.y + inner.label_line());
            push_text(&mut self.notes, text, label, "");
        }
        let origin = Point::new(corner.x + inner.origin.x, corner.y + inner.origin.y);
        self.scene(&inner.scene, origin);
    }

    /// Writes everything down: what is larger first, text last.
    fn finish(self, svg: &mut String, id: &str) {
        push_arrowheads(svg, id, &self.edges);
        for (content, (_, class, _)) in self.containers.iter().zip(KINDS) {
            push_group(svg, &format!("class=\"c {class}\""), content);
        }
        push_group(svg, "class=\"x\"", &self.frames);
        for (content, (_, class, head, meaning)) in self.edges.iter().zip(LINES) {
            let title = if content.is_empty() {
                String::new()
            } else {
                format!("<title>{meaning}</title>{content}")
            };
            push_group(
                svg,
                &format!("class=\"{class}\" marker-end=\"url(#{id}-{head})\""),
                &title,
            );
        }
        for (content, (_, class, _)) in self.shapes.iter().zip(KINDS) {
            push_group(svg, &format!("class=\"h {class}\""), content);
        }
        for (content, (_, class, _)) in self.marks.iter().zip(KINDS) {
            push_group(svg, &format!("class=\"{class} m\""), content);
        }
        push_group(svg, "class=\"n\"", &self.names);
        push_group(svg, "class=\"u\"", &self.notes);
        push_group(svg, "class=\"u t\"", &self.tags);
    }
}

/// The arrowheads of the edges that there are.
fn push_arrowheads(svg: &mut String, id: &str, edges: &[String; LINES.len()]) {
    let [data, order, outcome] = edges;
    let plain = !data.is_empty() || !order.is_empty();
    for (head, class, used) in [
        ("a", "", plain),
        ("o", " class=\"om\"", !outcome.is_empty()),
    ] {
        if used {
            let _ = writeln!(
                svg,
                "<marker id=\"{id}-{head}\"{class} viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
                 markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 .8L8 4 0 7.2 1.8 4z\"/></marker>"
            );
        }
    }
}

fn push_group(svg: &mut String, attributes: &str, content: &str) {
    if !content.is_empty() {
        let _ = writeln!(svg, "<g {attributes}>{content}</g>");
    }
}

fn push_rect(
    out: &mut String,
    corner: Point,
    (width, height): (f64, f64),
    radius: f64,
    class: &str,
) {
    // Both sides are rounded, not corner and size, so that what lines up still does.
    let [left, top, right, bottom] =
        [corner.x, corner.y, corner.x + width, corner.y + height].map(round);
    let (width, height, radius) = (right - left, bottom - top, round(radius));
    let _ = write!(
        out,
        "<rect{class} x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>"
    );
}

fn push_text(out: &mut String, at: Point, text: &Fitted, class: &str) {
    let _ = write!(
        out,
        "<text{class} x=\"{}\" y=\"{}\">",
        round(at.x),
        round(at.y)
    );
    push_escaped(out, &text.text);
    if let Some(whole) = &text.whole {
        out.push_str("<title>");
        push_escaped(out, whole);
        out.push_str("</title>");
    }
    out.push_str("</text>");
}

/// Straight down through rows, in an S from one row to the next.
fn push_route(out: &mut String, route: &Route, origin: Point) {
    let at = |point: Point| (round(origin.x + point.x), round(origin.y + point.y));
    let (mut x, mut y) = at(route.start);
    let mut drawn = y;
    let _ = write!(out, "<path d=\"M{x} {y}");
    for &(begin, end) in &route.curves {
        let (_, begin) = at(begin);
        let (to_x, to_y) = at(end);
        if (to_x - x).abs() <= STRAIGHT {
            y = to_y;
        } else {
            if begin > drawn {
                let _ = write!(out, "V{begin}");
            }
            let (dx, dy) = (to_x - x, to_y - begin);
            let _ = write!(out, "c0 {half} {dx} {half} {dx} {dy}", half = dy / 2);
            (x, y, drawn) = (to_x, to_y, to_y);
        }
    }
    let (_, end) = at(route.end);
    if end > drawn || y > drawn {
        let _ = write!(out, "V{end}");
    }
    out.push_str("\"/>");
}

/// The picture's id: pictures of several workflows can be on one page.
fn id(title: &str) -> String {
    let word = title.chars().map(|c| {
        if c.is_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    });
    std::iter::once("orch-".to_owned())
        .chain(word.map(String::from))
        .collect()
}

fn round(number: f64) -> i64 {
    number.round() as i64
}
