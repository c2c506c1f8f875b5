//! Where everything stands, and how edges run.

use super::columns::centers;
use super::layers::Grid;

/// The least room between two rows.
const ROW_GAP: f64 = 34.0;
/// How far below the top of its row a node may stand.
const SINK_MOST: f64 = 12.0;

/// A point; y grows downward.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Point {
    pub(super) const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// How an edge runs: down to a height, then in a curve to a point, and so on.
#[derive(Clone, PartialEq)]
pub(super) struct Route {
    pub(super) start: Point,
    /// For each row it leaves, where the curve to the next one begins and where it ends.
    pub(super) curves: Vec<(Point, Point)>,
    pub(super) end: Point,
}

/// A drawing with everything in its place.
pub(super) struct Places {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The upper left corner of each node.
    pub(super) corners: Vec<Point>,
    /// For each edge how it runs; none for one that is left out.
    pub(super) routes: Vec<Option<Route>>,
}

/// Gives nodes of these sizes their places.
pub(super) fn place(grid: &Grid, sizes: &[(f64, f64)]) -> Places {
    let centers = centers(grid, sizes);
    let (tops, heights) = rows(grid, sizes, &centers);
    let corner = |(node, &(width, height)): (usize, &(f64, f64))| {
        let row = grid.cells[node].row;
        // In the middle of its row, but not far below the edges that lead to it.
        let sink = ((heights[row] - height) / 2.0).min(SINK_MOST);
        Point::new(centers[node] - width / 2.0, tops[row] + sink)
    };
    let corners: Vec<Point> = sizes.iter().enumerate().map(corner).collect();
    let top = |cell: usize| Point::new(centers[cell], tops[grid.cells[cell].row]);
    let bottom = |cell: usize| {
        Point::new(
            centers[cell],
            tops[grid.cells[cell].row] + heights[grid.cells[cell].row],
        )
    };
    let route = |chain: &Vec<usize>| {
        let (&first, &last) = (chain.first()?, chain.last()?);
        Some(Route {
            start: Point::new(centers[first], corners[first].y + sizes[first].1),
            curves: chain
                .windows(2)
                .map(|pair| (bottom(pair[0]), top(pair[1])))
                .collect(),
            end: Point::new(centers[last], corners[last].y),
        })
    };
    let routes = grid.chains.iter().map(route).collect();
    let width_of = |cell: usize| sizes.get(cell).map_or(0.0, |size| size.0);
    let right = |(cell, center): (usize, &f64)| center + width_of(cell) / 2.0;
    Places {
        width: centers.iter().enumerate().map(right).fold(0.0, f64::max),
        height: tops
            .last()
            .zip(heights.last())
            .map_or(0.0, |(top, height)| top + height),
        corners,
        routes,
    }
}

/// The top and the height of each row; rows are the farther apart the more their edges slant.
fn rows(grid: &Grid, sizes: &[(f64, f64)], centers: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut slants = vec![0.0_f64; grid.rows.len()];
    for (index, cell) in grid.cells.iter().enumerate() {
        for &below in &cell.below {
            let slant = (centers[index] - centers[below]).abs();
            slants[cell.row] = slants[cell.row].max(slant);
        }
    }
    let mut heights = vec![0.0_f64; grid.rows.len()];
    for (cell, size) in grid.cells.iter().zip(sizes) {
        heights[cell.row] = heights[cell.row].max(size.1);
    }
    let mut top = 0.0;
    let tops = heights.iter().zip(slants).map(|(height, slant)| {
        let here = top;
        top += height + ROW_GAP + (slant / 8.0).min(40.0);
        here
    });
    (tops.collect(), heights)
}
