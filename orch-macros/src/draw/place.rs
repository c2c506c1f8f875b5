//! Where everything stands, and how edges run.

use super::layers::Grid;

/// The room between two nodes side by side.
const NODE_GAP: f64 = 28.0;
/// The room between an edge and what it passes.
const EDGE_GAP: f64 = 16.0;
/// The least room between two rows.
const ROW_GAP: f64 = 34.0;

/// A point; y grows downward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// How an edge runs: down to a height, then in a curve to a point, and so on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    pub(super) start: Point,
    /// For each row it leaves, where the curve to the next one begins and where it ends.
    pub(super) curves: Vec<(Point, Point)>,
    pub(super) end: Point,
}

/// A drawing with everything in its place.
#[derive(Debug)]
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
    let width_of = |cell: usize| sizes.get(cell).map_or(0.0, |size| size.0);
    let centers = centers(grid, &width_of);
    let (tops, heights) = rows(grid, sizes, &centers);
    let corner = |(node, &(width, height)): (usize, &(f64, f64))| {
        let row = grid.cells[node].row;
        Point { x: centers[node] - width / 2.0, y: tops[row] + (heights[row] - height) / 2.0 }
    };
    let corners: Vec<Point> = sizes.iter().enumerate().map(corner).collect();
    let route = |chain: &Vec<usize>| {
        let (&first, &last) = (chain.first()?, chain.last()?);
        let bottom = |cell: usize| tops[grid.cells[cell].row] + heights[grid.cells[cell].row];
        let curve = |pair: &[usize]| {
            let begin = Point { x: centers[pair[0]], y: bottom(pair[0]) };
            (begin, Point { x: centers[pair[1]], y: tops[grid.cells[pair[1]].row] })
        };
        Some(Route {
            start: Point { x: centers[first], y: corners[first].y + sizes[first].1 },
            curves: chain.windows(2).map(curve).collect(),
            end: Point { x: centers[last], y: corners[last].y },
        })
    };
    let routes = grid.chains.iter().map(route).collect();
    Places {
        width: (0..sizes.len()).map(|node| centers[node] + width_of(node) / 2.0).fold(0.0, f64::max),
        height: tops.last().zip(heights.last()).map_or(0.0, |(top, height)| top + height),
        corners,
        routes,
    }
}

/// For each cell the middle of where it stands in its row; the leftmost thing stands at 0.
///
/// Rows in turn move as near to their neighbors above and below as their own order allows,
/// the more so where an edge would bend; see [`settle`].
fn centers(grid: &Grid, width_of: &impl Fn(usize) -> f64) -> Vec<f64> {
    let mut rows: Vec<Row<'_>> = grid.rows.iter().map(|cells| Row::new(grid, cells, width_of)).collect();
    let mut centers = vec![0.0; grid.cells.len()];
    for row in &rows {
        let middle = row.offsets.last().map_or(0.0, |last| last / 2.0);
        for (&cell, offset) in row.cells.iter().zip(&row.offsets) {
            centers[cell] = offset - middle;
        }
    }
    let passes = (30_000 / grid.cells.len().max(1)).clamp(6, 60);
    for pass in 0..passes {
        // At first each row looks only where it comes from, so that the picture unfolds; then both ways.
        let look = match pass {
            _ if pass * 3 >= passes => Look::Both,
            _ if pass % 2 == 0 => Look::Above,
            _ => Look::Below,
        };
        let mut settle = |row: &mut Row<'_>| row.settle(grid, look, &mut centers);
        if pass % 2 == 0 {
            rows.iter_mut().for_each(&mut settle);
        } else {
            rows.iter_mut().rev().for_each(&mut settle);
        }
    }
    let left = (0..centers.len()).map(|cell| centers[cell] - width_of(cell) / 2.0).fold(f64::INFINITY, f64::min);
    centers.iter_mut().for_each(|center| *center -= left);
    centers
}

/// Which neighbors a row moves to.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    Above,
    Below,
    Both,
}

/// A row while its cells move.
struct Row<'a> {
    cells: &'a [usize],
    /// For each cell how far it is from the first one at least.
    offsets: Vec<f64>,
    /// Where each cell wants to be, and how much.
    wishes: Vec<(f64, f64)>,
}

impl<'a> Row<'a> {
    fn new(grid: &Grid, cells: &'a [usize], width_of: &impl Fn(usize) -> f64) -> Self {
        let mut offsets = Vec::with_capacity(cells.len());
        let mut offset = 0.0;
        for (index, &cell) in cells.iter().enumerate() {
            if let Some(&before) = index.checked_sub(1).and_then(|before| cells.get(before)) {
                let bend = grid.cells[before].bend || grid.cells[cell].bend;
                offset += if bend { EDGE_GAP } else { NODE_GAP };
                offset += (width_of(before) + width_of(cell)) / 2.0;
            }
            offsets.push(offset);
        }
        Self { cells, offsets, wishes: Vec::with_capacity(cells.len()) }
    }

    fn settle(&mut self, grid: &Grid, look: Look, centers: &mut [f64]) {
        self.wishes.clear();
        for (&cell, offset) in self.cells.iter().zip(&self.offsets) {
            let (target, weight) = wish(grid, cell, look, centers);
            self.wishes.push((target - offset, weight));
        }
        settle(&mut self.wishes);
        for ((&cell, offset), (place, _)) in self.cells.iter().zip(&self.offsets).zip(&self.wishes) {
            centers[cell] = place + offset;
        }
    }
}

/// Where a cell wants to be, the mean of its neighbors, and how much.
///
/// The weights are those of Gansner, Koutsofios, North and Vo (1993):
/// an edge that passes many rows should rather be straight than a short one.
fn wish(grid: &Grid, cell: usize, look: Look, centers: &[f64]) -> (f64, f64) {
    let here = &grid.cells[cell];
    let above = here.above.iter().filter(|_| look != Look::Below);
    let below = here.below.iter().filter(|_| look != Look::Above);
    let (mut sum, mut total) = (0.0, 0.0);
    for &other in above.chain(below) {
        let weight = match (here.bend, grid.cells[other].bend) {
            (true, true) => 8.0,
            (false, false) => 1.0,
            _ => 2.0,
        };
        sum += weight * centers[other];
        total += weight;
    }
    // What is tied to nothing makes way for everything.
    if total == 0.0 { (centers[cell], 0.01) } else { (sum / total, total) }
}

/// Moves wishes as little as possible so that none is left of the one before it.
///
/// The least weighted sum of squares is found by pooling adjacent violators (Ayer et al. 1955), in linear time.
fn settle(wishes: &mut [(f64, f64)]) {
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(wishes.len());
    for &(target, weight) in wishes.iter() {
        let mut pool = (target, weight, 1);
        while let Some(&(before, heavy, count)) = pools.last() {
            if before <= pool.0 {
                break;
            }
            let total = heavy + pool.1;
            pool = ((before * heavy + pool.0 * pool.1) / total, total, count + pool.2);
            pools.pop();
        }
        pools.push(pool);
    }
    let places = pools.into_iter().flat_map(|(place, _, count)| std::iter::repeat_n(place, count));
    for (wish, place) in wishes.iter_mut().zip(places) {
        wish.0 = place;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_settle_in_order() {
        let settled = |wishes: &[(f64, f64)]| {
            let mut wishes = wishes.to_vec();
            settle(&mut wishes);
            wishes.into_iter().map(|(place, _)| place).collect::<Vec<_>>()
        };
        assert_eq!(settled(&[(1.0, 1.0), (2.0, 1.0)]), [1.0, 2.0]);
        assert_eq!(settled(&[(3.0, 1.0), (1.0, 1.0)]), [2.0, 2.0]);
        assert_eq!(settled(&[(4.0, 3.0), (0.0, 1.0), (9.0, 1.0)]), [3.0, 3.0, 9.0]);
        assert_eq!(settled(&[(5.0, 1.0), (4.0, 1.0), (0.0, 1.0)]), [3.0, 3.0, 3.0]);
    }
}
