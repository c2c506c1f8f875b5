//! What holds for every picture, tried on graphs by hand and on many at random.

use super::layers::Grid;
use super::place::Point;
use super::scene::Scene;
use super::*;

mod graphs;

use self::graphs::{all_kinds, checkout, diamond, drawing, layered, random, step};

/// Pictures of every size and kind.
fn drawings() -> Vec<Drawing> {
    let mut drawings = vec![
        Drawing::default(),
        drawing("One", vec![step("one", "")], &[]),
        diamond(),
        checkout(),
        all_kinds(),
        layered(20, 5),
        layered(5, 20),
    ];
    drawings.extend((0..200).map(random));
    drawings
}

#[derive(Debug, Clone, Copy)]
struct Rect {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Rect {
    fn new(corner: Point, width: f64, height: f64) -> Self {
        Self {
            left: corner.x,
            top: corner.y,
            right: corner.x + width,
            bottom: corner.y + height,
        }
    }

    fn overlaps(self, other: Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn holds(self, other: Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }
}

/// Calls `check` with a scene, and with every scene inside it.
fn each_scene(scene: &Scene<'_>, check: &mut impl FnMut(&Scene<'_>)) {
    check(scene);
    for inner in scene.items.iter().flat_map(|(_, item)| &item.inner) {
        each_scene(&inner.scene, check);
    }
}

fn rects(scene: &Scene<'_>) -> Vec<Rect> {
    scene
        .items
        .iter()
        .map(|(corner, item)| Rect::new(*corner, item.width, item.height))
        .collect()
}

#[test]
fn no_shape_is_on_another_one() {
    for drawing in drawings() {
        each_scene(&Scene::of(&drawing), &mut |scene| {
            let rects = rects(scene);
            let picture = Rect::new(
                Point::new(-0.001, 0.0),
                scene.width + 0.002,
                scene.height + 0.001,
            );
            for (index, rect) in rects.iter().enumerate() {
                assert!(
                    picture.holds(*rect),
                    "{}: {rect:?} is outside {picture:?}",
                    drawing.title
                );
                for other in &rects[..index] {
                    assert!(
                        !rect.overlaps(*other),
                        "{}: {rect:?} is on {other:?}",
                        drawing.title
                    );
                }
            }
        });
    }
}

#[test]
fn what_is_inside_a_shape_is_drawn_inside_it() {
    for drawing in [checkout(), all_kinds()] {
        each_scene(&Scene::of(&drawing), &mut |scene| {
            for (_, item) in &scene.items {
                let whole = Rect::new(Point::new(0.0, 0.0), item.width, item.height);
                for inner in &item.inner {
                    let frame = Rect::new(inner.corner, inner.width, inner.height);
                    assert!(
                        whole.holds(frame),
                        "{}: {frame:?} leaves {whole:?}",
                        item.shape.label
                    );
                    let content = Rect::new(inner.origin, inner.scene.width, inner.scene.height);
                    assert!(
                        frame.holds(content),
                        "{}: {content:?} leaves {frame:?}",
                        item.shape.label
                    );
                }
            }
        });
    }
}

#[test]
fn every_edge_goes_downward_and_past_every_shape() {
    for drawing in drawings() {
        each_scene(&Scene::of(&drawing), &mut |scene| {
            let rects = rects(scene);
            for (line, route) in scene.drawing.edges.iter().zip(&scene.routes) {
                let route = route.as_ref().expect("these drawings are acyclic");
                assert!((route.start.y - rects[line.from].bottom).abs() < 0.001);
                assert!((route.end.y - rects[line.to].top).abs() < 0.001);
                let mut at = route.start;
                for &(begin, end) in &route.curves {
                    // A curve stays in the free room between its row and the next one; the way to it is straight.
                    assert!(
                        at.y <= begin.y && begin.y < end.y,
                        "{}: {line:?} goes up",
                        drawing.title
                    );
                    let way = Rect {
                        left: at.x - 1.0,
                        top: at.y + 0.001,
                        right: at.x + 1.0,
                        bottom: begin.y,
                    };
                    let hit = rects.iter().position(|rect| rect.overlaps(way));
                    assert_eq!(
                        hit, None,
                        "{}: {line:?} runs through a shape",
                        drawing.title
                    );
                    at = end;
                }
                assert!(at.y <= route.end.y);
            }
        });
    }
}

#[test]
fn every_picture_is_well_formed() {
    for drawing in drawings() {
        let svg = svg(&drawing);
        let document =
            roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let count = |name: &str| {
            root.descendants()
                .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", name)))
                .count()
        };
        assert_eq!(
            count("script") + count("image") + count("a") + count("foreignObject"),
            0
        );
    }
}

#[test]
fn every_shape_and_edge_is_painted() {
    let drawing = layered(5, 20);
    let svg = svg(&drawing);
    let document = roxmltree::Document::parse(&svg).expect("well-formed");
    let tagged = |name: &str| {
        document
            .descendants()
            .filter(|node| node.tag_name().name() == name)
            .count()
    };
    assert_eq!(tagged("rect"), drawing.nodes.len());
    assert_eq!(tagged("path"), drawing.edges.len() + 1, "and an arrowhead");
    let texts: Vec<&str> = document
        .descendants()
        .filter(|node| node.tag_name().name() == "text")
        .filter_map(|node| node.text())
        .collect();
    for shape in &drawing.nodes {
        assert!(
            texts.contains(&shape.label.as_str()),
            "{} is missing",
            shape.label
        );
    }
}

#[test]
fn a_picture_can_stand_in_markdown() {
    for drawing in drawings() {
        let svg = svg(&drawing);
        let first = svg.lines().next().expect("a picture is not empty");
        assert!(
            first.starts_with("<svg ") && first.ends_with('>') && first.matches('<').count() == 1,
            "{first}"
        );
        assert!(svg.lines().all(|line| !line.trim().is_empty()));
        assert!(svg.ends_with("</svg>\n"));
    }
}

#[test]
fn text_is_escaped() {
    let hostile = "</text><script>alert(\"1\")</script>\n\n&";
    let mut drawing = drawing(
        hostile,
        vec![step(hostile, hostile), step("b", "")],
        &[(0, 1)],
    );
    drawing.nodes[1].rule = Some(hostile.to_owned());
    drawing.nodes[1].kind = Kind::Branch;
    drawing.nodes[1].children = vec![graphs::group(hostile, Vec::new())];
    let svg = svg(&drawing);
    let document = roxmltree::Document::parse(&svg).expect("well-formed");
    assert!(!svg.contains("<script"));
    assert!(svg.lines().all(|line| !line.trim().is_empty()));
    let title = document
        .descendants()
        .find(|node| node.tag_name().name() == "title")
        .and_then(|title| title.text());
    assert_eq!(title, Some("</text><script>alert(\"1\")</script>  &"));
}

#[test]
fn what_is_cut_can_be_read_in_full() {
    let svg = svg(&all_kinds());
    assert!(
        svg.contains(
            "…<title>a name that is far too long to be shown in full in a picture</title>"
        )
    );
}

#[test]
fn pictures_on_one_page_have_their_own_ids_and_styles() {
    let ids = |svg: &str| -> Vec<String> {
        let document = roxmltree::Document::parse(svg).expect("well-formed");
        document
            .descendants()
            .filter_map(|node| node.attribute("id"))
            .map(str::to_owned)
            .collect()
    };
    let (first, second) = (svg(&checkout()), svg(&all_kinds()));
    assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)));
    let style = first
        .split("<style>")
        .nth(1)
        .and_then(|rest| rest.split("</style>").next())
        .expect("a style");
    for rule in style.split_inclusive('}') {
        assert!(
            rule.starts_with("#orch-Checkout"),
            "{rule} would reach other pictures"
        );
    }
}

#[test]
fn the_same_graph_gives_the_same_picture() {
    for drawing in drawings() {
        assert_eq!(svg(&drawing), svg(&drawing.clone()));
    }
}

#[test]
fn a_broken_graph_is_drawn_without_what_is_broken() {
    let nodes = || ["a", "b", "c", "d"].map(|name| step(name, "")).to_vec();
    let broken = drawing(
        "Broken",
        nodes(),
        &[
            (0, 1),
            (1, 2),
            (2, 1),
            (3, 3),
            (0, 9),
            (9, 0),
            (0, 3),
            (0, 3),
        ],
    );
    let scene = Scene::of(&broken);
    let drawn: Vec<bool> = scene.routes.iter().map(Option::is_some).collect();
    assert_eq!(drawn, [true, true, false, false, false, false, true, true]);
    assert!(roxmltree::Document::parse(&svg(&broken)).is_ok());
}

#[test]
fn finally_stands_below_all_others() {
    let drawing = checkout();
    let scene = Scene::of(&drawing);
    let rects = rects(&scene);
    let finally = drawing
        .nodes
        .iter()
        .position(|shape| shape.finally)
        .expect("checkout has one");
    for (index, rect) in rects.iter().enumerate() {
        assert!(index == finally || rect.bottom < rects[finally].top);
    }
}

#[test]
fn a_tree_has_no_crossings() {
    // Children in an order that crosses everything at first.
    let nodes = (0..15).map(|node| step(&node.to_string(), "")).collect();
    let edges: Vec<(usize, usize)> = (1..15).rev().map(|node| ((node - 1) / 2, node)).collect();
    let tree = drawing("Tree", nodes, &edges);
    let mut grid = Grid::of(&tree);
    order::reduce_crossings(&mut grid);
    assert_eq!(order::crossings(&grid), 0);
}

#[test]
fn sorting_removes_crossings() {
    let (mut before, mut after) = (0, 0);
    for seed in 0..50 {
        let drawing = random(seed);
        let mut grid = Grid::of(&drawing);
        let crossings = order::crossings(&grid);
        order::reduce_crossings(&mut grid);
        assert!(order::crossings(&grid) <= crossings, "graph {seed}");
        (before, after) = (before + crossings, after + order::crossings(&grid));
    }
    assert!(after * 2 < before, "{before} crossings became {after}");
}

#[test]
fn large_graphs_are_drawn_compactly() {
    let thousand = layered(50, 20);
    let size = svg(&thousand).len();
    assert!(size <= 250 * thousand.nodes.len(), "{size} bytes");

    // Edges of every length from one node: as many bends as nodes squared, if each had one in each row.
    let nodes: Vec<Shape> = (0..1000)
        .map(|node| step(&format!("n{node}"), ""))
        .collect();
    let edges: Vec<(usize, usize)> = (1..1000)
        .flat_map(|node| [(node - 1, node), (0, node)])
        .collect();
    let ladder = drawing("Ladder", nodes, &edges);
    let grid = Grid::of(&ladder);
    assert!(grid.cells.len() < 15_000, "{} cells", grid.cells.len());
    assert!(roxmltree::Document::parse(&svg(&ladder)).is_ok());
}
