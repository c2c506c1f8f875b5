//! How large shapes are, with what is written on them and what is inside them.

use super::layers::Grid;
use super::order::reduce_crossings;
use super::place::{Places, Point, Route, place};
use super::text::Fitted;
use super::{Drawing, Group, Kind, Shape};

/// The size of a name's type, in pixels: 13, and a tenth because it is bold.
const NAME_SIZE: f64 = 14.3;
/// The size of the type of what is below a name.
const NOTE_SIZE: f64 = 11.0;
/// The height of a name's line.
const NAME_LINE: f64 = 18.0;
/// The height of a line below a name.
const NOTE_LINE: f64 = 15.0;
/// The widest a text gets before it is cut.
const TEXT_MOST: f64 = 230.0;
/// The room left and right of text in a shape.
const PAD_X: f64 = 14.0;
/// The room above and below text in a shape.
const PAD_Y: f64 = 8.0;
/// The room around and between what is inside a shape.
const PAD_INNER: f64 = 14.0;
/// The least width of a shape.
const SHAPE_LEAST: f64 = 64.0;
/// Arms stand side by side up to this width, then below each other.
const ARMS_MOST: f64 = 760.0;
/// The room that a shape's mark takes beside its name.
pub(super) const MARK: f64 = 16.0;

/// A drawing with everything measured and in its place.
pub(super) struct Scene<'a> {
    pub(super) drawing: &'a Drawing,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Each shape with its upper left corner.
    pub(super) items: Vec<(Point, Item<'a>)>,
    /// For each edge how it runs.
    pub(super) routes: Vec<Option<Route>>,
}

/// A shape with everything measured.
pub(super) struct Item<'a> {
    pub(super) shape: &'a Shape,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) name: Fitted,
    pub(super) notes: Vec<Fitted>,
    /// What is unusual about when it runs, below the notes.
    pub(super) tags: Option<Fitted>,
    pub(super) inner: Vec<Inner<'a>>,
}

/// A body or an arm in its place.
pub(super) struct Inner<'a> {
    /// The upper left corner, from that of the shape.
    pub(super) corner: Point,
    pub(super) width: f64,
    pub(super) height: f64,
    /// What is written on it; it has a frame where something is.
    pub(super) label: Option<Fitted>,
    /// Where the scene's upper left corner is, from that of the shape.
    pub(super) origin: Point,
    pub(super) scene: Scene<'a>,
}

impl<'a> Scene<'a> {
    pub(super) fn of(drawing: &'a Drawing) -> Self {
        let items: Vec<Item<'a>> = drawing.nodes.iter().map(Item::of).collect();
        let sizes: Vec<(f64, f64)> = items.iter().map(|item| (item.width, item.height)).collect();
        let mut grid = Grid::of(drawing);
        reduce_crossings(&mut grid);
        let Places {
            width,
            height,
            corners,
            routes,
        } = place(&grid, &sizes);
        Self {
            drawing,
            width,
            height,
            items: corners.into_iter().zip(items).collect(),
            routes,
        }
    }
}

impl<'a> Item<'a> {
    fn of(shape: &'a Shape) -> Self {
        let fit = |text: &str, size| Fitted::new(text, size, TEXT_MOST);
        let bodies = shape
            .children
            .iter()
            .filter(|_| shape.kind != Kind::Branch)
            .map(|group| group.label.as_str());
        let notes = shape
            .sublabel
            .lines()
            .chain(bodies)
            .filter(|note| !note.trim().is_empty());
        let rule = shape.rule.as_ref().map(|rule| format!("on {rule}"));
        let finally = shape.finally.then(|| "finally".to_owned());
        let tags = rule.iter().chain(&shape.marks).chain(&finally);
        let tags = tags.map(String::as_str).collect::<Vec<_>>().join(" · ");
        let mut item = Self {
            shape,
            width: 0.0,
            height: 0.0,
            name: fit(&shape.label, NAME_SIZE),
            notes: notes.map(|note| fit(note, NOTE_SIZE)).collect(),
            tags: (!tags.is_empty()).then(|| fit(&tags, NOTE_SIZE)),
            inner: Vec::new(),
        };
        item.measure();
        item
    }

    /// Whether it holds shapes and so is drawn around them.
    pub(super) fn is_container(&self) -> bool {
        !self.inner.is_empty()
    }

    /// The height of what is written on it, with the room above.
    fn text_height(&self) -> f64 {
        let notes = self.notes.len() + usize::from(self.tags.is_some());
        PAD_Y + NAME_LINE + NOTE_LINE * notes as f64
    }

    /// The baseline of its name, from its top.
    pub(super) fn name_line(&self) -> f64 {
        PAD_Y + 13.0
    }

    /// The baselines of the notes and then the tags, from its top.
    pub(super) fn note_lines(&self) -> impl Iterator<Item = f64> {
        let first = self.name_line() + 15.0;
        (0_u32..).map(move |line| first + NOTE_LINE * f64::from(line))
    }

    fn measure(&mut self) {
        let mark = match self.shape.kind {
            Kind::Input | Kind::Step | Kind::Result => 0.0,
            _ => MARK,
        };
        let notes = self.notes.iter().chain(&self.tags).map(|note| note.width);
        let text = notes.fold(self.name.width + mark, f64::max);
        self.width = (text + 2.0 * PAD_X).max(SHAPE_LEAST);
        self.height = self.text_height() + PAD_Y;
        // An empty body has nothing to show; an empty arm still says when it is taken.
        let framed = self.shape.kind == Kind::Branch;
        let shown = |group: &&'a Group| framed || !group.drawing.nodes.is_empty();
        let groups: Vec<&'a Group> = self.shape.children.iter().filter(shown).collect();
        if !groups.is_empty() {
            self.arrange(
                groups
                    .into_iter()
                    .map(|group| Inner::of(group, framed))
                    .collect(),
            );
        }
    }

    /// Puts bodies or arms below what is written, side by side.
    fn arrange(&mut self, mut inner: Vec<Inner<'a>>) {
        let top = self.text_height() + 6.0;
        let (mut x, mut y, mut line) = (PAD_INNER, top, 0.0_f64);
        let mut right = 0.0_f64;
        for group in &mut inner {
            if x > PAD_INNER && x + group.width > ARMS_MOST {
                (x, y, line) = (PAD_INNER, y + line + PAD_INNER, 0.0);
            }
            group.move_to(Point { x, y });
            x += group.width + PAD_INNER;
            right = right.max(x);
            line = line.max(group.height);
        }
        // Frames in one line are equally high.
        for index in 0..inner.len() {
            let y = inner[index].corner.y;
            let tallest = inner
                .iter()
                .filter(|other| other.corner.y == y)
                .map(|other| other.height);
            inner[index].height = tallest.fold(0.0, f64::max);
        }
        let spare = (self.width - right).max(0.0) / 2.0;
        for group in &mut inner {
            let Point { x, y } = group.corner;
            group.move_to(Point { x: x + spare, y });
        }
        self.width = self.width.max(right);
        self.height = y + line + PAD_INNER;
        self.inner = inner;
    }
}

impl<'a> Inner<'a> {
    fn of(group: &'a Group, framed: bool) -> Self {
        let scene = Scene::of(&group.drawing);
        let mut inner = Self {
            corner: Point::new(0.0, 0.0),
            width: scene.width,
            height: scene.height,
            label: None,
            origin: Point::new(0.0, 0.0),
            scene,
        };
        if framed {
            let label = Fitted::new(&group.label, NOTE_SIZE, TEXT_MOST);
            let content = inner.scene.width.max(label.width);
            let below = if inner.scene.items.is_empty() {
                0.0
            } else {
                PAD_Y + inner.scene.height
            };
            inner.width = (content + 2.0 * PAD_INNER).max(SHAPE_LEAST);
            inner.height = PAD_Y + NOTE_LINE + below + PAD_INNER;
            inner.label = Some(label);
        }
        inner
    }

    fn move_to(&mut self, corner: Point) {
        self.corner = corner;
        let above = if self.label.is_some() {
            2.0 * PAD_Y + NOTE_LINE
        } else {
            0.0
        };
        self.origin = Point::new(
            corner.x + (self.width - self.scene.width) / 2.0,
            corner.y + above,
        );
    }

    /// The baseline of its label, from the shape's top.
    pub(super) fn label_line(&self) -> f64 {
        self.corner.y + PAD_Y + 10.0
    }
}
