//! The picture of a workflow, drawn while the macro expands.
//!
//! A pure function from a graph of labeled shapes to an SVG document:
//! [`scene`] measures the shapes and what is inside them, [`layers`] assigns them to rows,
//! [`order`] sorts the rows so that few edges cross, [`columns`] and [`place`] give everything its place,
//! and [`paint`] writes it down.
//! The method is that of Sugiyama, Tagawa and Toda (1981).

mod columns;
mod layers;
mod order;
mod paint;
mod place;
mod scene;
#[cfg(test)]
mod tests;
mod text;

/// A graph to draw.
#[derive(Clone, Default)]
pub(crate) struct Drawing {
    /// What the picture shows; names it for screen readers and makes its ids unique on a page.
    pub(crate) title: String,
    /// The shapes, in any order.
    pub(crate) nodes: Vec<Shape>,
    /// What is between them; one that points nowhere or closes a cycle is left out.
    pub(crate) edges: Vec<Line>,
}

/// A node.
#[derive(Clone, Default)]
pub(crate) struct Shape {
    /// Its name.
    pub(crate) label: String,
    /// What it does and what holds for it, in small type; may have several lines.
    pub(crate) sublabel: String,
    /// What it is, which decides its looks.
    pub(crate) kind: Kind,
    /// Whether it runs after all others: it stands in a row of its own below them.
    pub(crate) finally: bool,
    /// What else holds for it, in a word each.
    pub(crate) marks: Vec<String>,
    /// Its trigger rule, where it is not the usual one.
    pub(crate) rule: Option<String>,
    /// What is inside it, side by side: a body, or arms.
    pub(crate) children: Vec<Group>,
}

/// What a shape stands for.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What a run is started with.
    Input,
    /// A call of a step.
    #[default]
    Step,
    /// A run of another workflow.
    Workflow,
    /// A body that runs for each item.
    For,
    /// Arms of which one runs.
    Branch,
    /// A call that is repeated.
    Repeat,
    /// A wait for a signal.
    Signal,
    /// A wait for a time.
    Sleep,
    /// What a run gives.
    Result,
}

/// A body or an arm.
#[derive(Clone, Default)]
pub(crate) struct Group {
    /// What its items are called, or when it is taken.
    pub(crate) label: String,
    /// The nodes in it.
    pub(crate) drawing: Drawing,
}

/// An edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// The index of the shape that goes first.
    pub(crate) from: usize,
    /// The index of the shape that waits.
    pub(crate) to: usize,
    /// What it carries.
    pub(crate) kind: LineKind,
}

/// What an edge carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// A value: a solid line.
    Data,
    /// Nothing, it only orders: a dashed line.
    Order,
    /// How a node ended: a colored line.
    Outcome,
}

/// The graph as an SVG document.
///
/// It can stand in Markdown: its first line is the opening tag alone and no line is blank,
/// so that all of it is one block of HTML when a blank line is before and after it.
/// Its colors fit light and dark pages, it has no script, and it loads nothing.
pub(crate) fn svg(drawing: &Drawing) -> String {
    paint::paint(drawing, &scene::Scene::of(drawing))
}
