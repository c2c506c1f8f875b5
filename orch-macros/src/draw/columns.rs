//! Where each cell stands from left to right.

use super::layers::Grid;

/// The room between two nodes side by side.
const NODE_GAP: f64 = 28.0;
/// The room between an edge and what it passes.
const EDGE_GAP: f64 = 16.0;

/// For each cell the middle of where it stands; the leftmost thing begins at 0.
///
/// Rows in turn move as near to their neighbors above and below as their own order allows.
/// At first each row looks only where it comes from, so that the picture unfolds; then both ways,
/// and in the end edges become straight, at the price of a longer way for others.
pub(super) fn centers(grid: &Grid, sizes: &[(f64, f64)]) -> Vec<f64> {
    let mut columns = Columns::new(grid, sizes);
    let passes = (20_000 / grid.cells.len().max(1)).clamp(6, 60) / 3;
    for looks in [
        [Look::Above, Look::Below],
        [Look::Mean, Look::Mean],
        [Look::Straight, Look::Straight],
    ] {
        columns.settle(looks, passes);
    }
    // What is straight with the row above after a last pass stays so, because that row moves no more.
    for row in 1..grid.rows.len() {
        columns.settle_row(row, Look::Straight);
    }
    let (left, _) = columns.ends();
    columns.centers.iter().map(|center| center - left).collect()
}

/// What a cell moves to.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    /// The mean of what it is tied to above.
    Above,
    /// The mean of what it is tied to below.
    Below,
    /// The mean of both.
    Mean,
    /// The median of both.
    Straight,
}

/// The cells while they move.
struct Columns<'a> {
    grid: &'a Grid,
    /// How wide each cell is.
    widths: Vec<f64>,
    /// For each row how far each of its cells is from the first one at least.
    offsets: Vec<Vec<f64>>,
    centers: Vec<f64>,
    /// The middle of the picture, where cells go that are tied to nothing.
    middle: f64,
}

impl<'a> Columns<'a> {
    fn new(grid: &'a Grid, sizes: &[(f64, f64)]) -> Self {
        let mut widths: Vec<f64> = sizes.iter().map(|size| size.0).collect();
        widths.resize(grid.cells.len(), 0.0);
        let mut centers = vec![0.0; grid.cells.len()];
        let mut offsets = Vec::with_capacity(grid.rows.len());
        for row in &grid.rows {
            let mut offset = 0.0;
            let mut row_offsets = vec![offset; row.len().min(1)];
            for pair in row.windows(2) {
                let bend = pair.iter().any(|&cell| grid.cells[cell].bend);
                offset += if bend { EDGE_GAP } else { NODE_GAP };
                offset += (widths[pair[0]] + widths[pair[1]]) / 2.0;
                row_offsets.push(offset);
            }
            for (&cell, at) in row.iter().zip(&row_offsets) {
                centers[cell] = at - offset / 2.0;
            }
            offsets.push(row_offsets);
        }
        Self {
            grid,
            widths,
            offsets,
            centers,
            middle: 0.0,
        }
    }

    /// Where the leftmost cell begins and the rightmost one ends.
    fn ends(&self) -> (f64, f64) {
        let mut ends = (f64::INFINITY, f64::NEG_INFINITY);
        for (center, width) in self.centers.iter().zip(&self.widths) {
            ends = (
                ends.0.min(center - width / 2.0),
                ends.1.max(center + width / 2.0),
            );
        }
        ends
    }

    fn middle(&self) -> f64 {
        let (left, right) = self.ends();
        f64::midpoint(left, right)
    }

    /// Moves all cells, row after row, downward and upward in turn, until none moves any more.
    fn settle(&mut self, looks: [Look; 2], passes: usize) {
        let rows = self.grid.rows.len();
        let mut before = [Vec::new(), Vec::new()];
        for pass in 0..passes {
            let turn = pass % 2;
            self.middle = self.middle();
            for step in 0..rows {
                let row = if turn == 0 { step } else { rows - 1 - step };
                self.settle_row(row, looks[turn]);
            }
            if is_near(&before[turn], &self.centers) {
                break;
            }
            before[turn].clone_from(&self.centers);
        }
    }

    /// Moves the cells of a row to where they want to be, as far as their order and their widths allow.
    fn settle_row(&mut self, row: usize, look: Look) {
        let mut ties = Vec::new();
        let cells = self.grid.rows[row].iter().zip(&self.offsets[row]);
        let wishes = cells.map(|(&cell, offset)| {
            let (target, weight) = self.wish(cell, look, &mut ties);
            (target - offset, weight)
        });
        let places = settle(wishes);
        for ((&cell, offset), place) in self.grid.rows[row]
            .iter()
            .zip(&self.offsets[row])
            .zip(places)
        {
            self.centers[cell] = place + offset;
        }
    }

    /// Where a cell wants to be and how much.
    ///
    /// The weights are those of Gansner, Koutsofios, North and Vo (1993):
    /// an edge that passes many rows should rather be straight than a short one.
    fn wish(&self, cell: usize, look: Look, ties: &mut Vec<(f64, f64)>) -> (f64, f64) {
        let here = &self.grid.cells[cell];
        let weigh = |&other: &usize| {
            let weight = match (here.bend, self.grid.cells[other].bend) {
                (true, true) => 8.0,
                (false, false) => 1.0,
                _ => 2.0,
            };
            (self.centers[other], weight)
        };
        let above = here.above.iter().filter(|_| look != Look::Below);
        let below = here.below.iter().filter(|_| look != Look::Above);
        ties.clear();
        ties.extend(above.chain(below).map(weigh));
        if ties.is_empty() {
            return (self.middle, 0.01);
        }
        let total: f64 = ties.iter().map(|(_, weight)| weight).sum();
        let target = match (look, here.above.len(), ties.as_slice()) {
            // Every place between two equal neighbors is as near; below the upper one only one edge bends.
            (Look::Straight, 1, &[above, below]) if above.1 == below.1 => above.0,
            (Look::Straight, ..) => nearest_median(ties, total, self.centers[cell]),
            _ => {
                ties.iter()
                    .map(|(place, weight)| place * weight)
                    .sum::<f64>()
                    / total
            }
        };
        (target, total)
    }
}

/// Whether a picture would look the same with other places.
fn is_near(places: &[f64], others: &[f64]) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() < 0.05;
    places.len() == others.len() && places.iter().zip(others).all(near)
}

/// The place nearest to `here` among those from which the weighted sum of the ways to all ties is the least.
fn nearest_median(ties: &mut [(f64, f64)], total: f64, here: f64) -> f64 {
    ties.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut passed, mut low) = (0.0, None);
    for &(place, weight) in ties.iter() {
        passed += weight;
        if passed * 2.0 > total {
            return here.clamp(low.unwrap_or(place), place);
        }
        low = (passed * 2.0 == total).then_some(place);
    }
    here
}

/// Moves wishes, each a place and a weight, as little as possible so that none is left of the one before it.
///
/// The least weighted sum of squares is found by pooling adjacent violators (Ayer et al. 1955), in linear time.
fn settle(wishes: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (target, weight) in wishes {
        let mut pool = (target, weight, 1);
        while let Some(&(before, heavy, count)) = pools.last() {
            if before <= pool.0 {
                break;
            }
            let total = heavy + pool.1;
            pool = (
                (before * heavy + pool.0 * pool.1) / total,
                total,
                count + pool.2,
            );
            pools.pop();
        }
        pools.push(pool);
    }
    let places = pools
        .into_iter()
        .flat_map(|(place, _, count)| std::iter::repeat_n(place, count));
    places.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_settle_in_order() {
        let settled = |wishes: &[(f64, f64)]| settle(wishes.iter().copied());
        assert_eq!(settled(&[(1.0, 1.0), (2.0, 1.0)]), [1.0, 2.0]);
        assert_eq!(settled(&[(3.0, 1.0), (1.0, 1.0)]), [2.0, 2.0]);
        assert_eq!(
            settled(&[(4.0, 3.0), (0.0, 1.0), (9.0, 1.0)]),
            [3.0, 3.0, 9.0]
        );
        assert_eq!(
            settled(&[(5.0, 1.0), (4.0, 1.0), (0.0, 1.0)]),
            [3.0, 3.0, 3.0]
        );
    }

    #[test]
    fn the_median_is_weighted() {
        let median = |ties: &[(f64, f64)], here| {
            nearest_median(&mut ties.to_vec(), ties.iter().map(|tie| tie.1).sum(), here)
        };
        assert_eq!(median(&[(9.0, 1.0), (1.0, 1.0), (5.0, 1.0)], 0.0), 5.0);
        assert_eq!(median(&[(1.0, 1.0), (9.0, 8.0)], 0.0), 9.0);
        assert_eq!(
            median(&[(1.0, 1.0), (9.0, 1.0)], 4.0),
            4.0,
            "every place between two is as near"
        );
        assert_eq!(median(&[(1.0, 1.0), (9.0, 1.0)], 12.0), 9.0);
    }
}
