//! Sorts the rows so that few edges cross.

use super::layers::{Cell, Grid};

/// Sorts each row by where its neighbors are, up and down in turn, and keeps the best state seen.
pub(super) fn reduce_crossings(grid: &mut Grid) {
    let mut places = vec![0; grid.cells.len()];
    let mut best = (count_crossings(grid, &mut places), grid.rows.clone());
    // Large graphs get fewer passes: the first ones gain the most.
    let ties: usize = grid.cells.iter().map(|cell| cell.below.len()).sum();
    let passes = (20_000 / (grid.cells.len() + ties).max(1)).clamp(4, 24);
    let swaps = grid.cells.len() <= 500 && ties <= 3 * grid.cells.len();
    // The rows as they were after the last two passes.
    let mut seen = [Vec::new(), Vec::new()];
    for pass in 0..passes {
        if best.0 == 0 {
            break;
        }
        let downward = pass % 2 == 0;
        let rows = grid.rows.len();
        for step in 1..rows {
            let row = if downward { step } else { rows - 1 - step };
            sort_row(grid, row, downward, &mut places);
        }
        if swaps {
            swap_neighbors(grid, &mut places);
        }
        if grid.rows == seen[pass % 2] {
            // As after the last pass in this direction, so that all that follows was there already.
            break;
        }
        let crossings = count_crossings(grid, &mut places);
        if crossings < best.0 {
            best = (crossings, grid.rows.clone());
        }
        seen[pass % 2].clone_from(&grid.rows);
    }
    grid.rows = best.1;
}

/// Sorts a row by the mean place of the cells each one is tied to; one without ties keeps its place.
fn sort_row(grid: &mut Grid, row: usize, downward: bool, places: &mut [usize]) {
    let Grid { cells, rows, .. } = grid;
    let beside = if downward { row - 1 } else { row + 1 };
    note_places(&rows[beside], places);
    let ties = |cell: usize| {
        if downward {
            &cells[cell].above
        } else {
            &cells[cell].below
        }
    };
    let slots: Vec<usize> = (0..rows[row].len())
        .filter(|&slot| !ties(rows[row][slot]).is_empty())
        .collect();
    let mut moving: Vec<(f64, usize)> = slots
        .iter()
        .map(|&slot| {
            let ties = ties(rows[row][slot]);
            let sum: usize = ties.iter().map(|&cell| places[cell]).sum();
            (sum as f64 / ties.len() as f64, rows[row][slot])
        })
        .collect();
    moving.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (slot, (_, cell)) in slots.into_iter().zip(moving) {
        rows[row][slot] = cell;
    }
}

/// Swaps cells that stand side by side for as long as that removes crossings, a few rounds at most.
fn swap_neighbors(grid: &mut Grid, places: &mut [usize]) {
    let Grid { cells, rows, .. } = grid;
    for row in rows.iter() {
        note_places(row, places);
    }
    for _ in 0..4 {
        let mut swapped = false;
        for row in rows.iter_mut() {
            for left in 0..row.len().saturating_sub(1) {
                let (a, b) = (row[left], row[left + 1]);
                if crossings_of_pair(&cells[b], &cells[a], places)
                    < crossings_of_pair(&cells[a], &cells[b], places)
                {
                    row.swap(left, left + 1);
                    places.swap(a, b);
                    swapped = true;
                }
            }
        }
        if !swapped {
            break;
        }
    }
}

/// How many ties of two cells side by side cross.
fn crossings_of_pair(left: &Cell, right: &Cell, places: &[usize]) -> usize {
    let cross = |left: &[usize], right: &[usize]| -> usize {
        let beyond = |a: usize| right.iter().filter(|&&b| places[b] < places[a]).count();
        left.iter().map(|&a| beyond(a)).sum()
    };
    cross(&left.above, &right.above) + cross(&left.below, &right.below)
}

/// How many ties cross between all rows.
#[cfg(test)]
pub(super) fn crossings(grid: &Grid) -> usize {
    count_crossings(grid, &mut vec![0; grid.cells.len()])
}

fn count_crossings(grid: &Grid, places: &mut [usize]) -> usize {
    let mut total = 0;
    let mut ends = Vec::new();
    for pair in grid.rows.windows(2) {
        note_places(&pair[1], places);
        ends.clear();
        for &cell in &pair[0] {
            let first = ends.len();
            ends.extend(grid.cells[cell].below.iter().map(|&below| places[below]));
            ends[first..].sort_unstable();
        }
        total += inversions(&ends, pair[1].len());
    }
    total
}

/// How many pairs are out of order, counted with a Fenwick tree.
fn inversions(numbers: &[usize], bound: usize) -> usize {
    let mut tree = vec![0_usize; bound + 1];
    let mut total = 0;
    for (seen, &number) in numbers.iter().enumerate() {
        let mut not_above = 0;
        let mut at = number + 1;
        while at > 0 {
            not_above += tree[at];
            at &= at - 1;
        }
        total += seen - not_above;
        let mut at = number + 1;
        while at <= bound {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    total
}

fn note_places(row: &[usize], places: &mut [usize]) {
    for (place, &cell) in row.iter().enumerate() {
        places[cell] = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inversions_are_counted() {
        assert_eq!(inversions(&[], 0), 0);
        assert_eq!(inversions(&[0, 1, 1, 2], 3), 0);
        assert_eq!(inversions(&[2, 1, 0], 3), 3);
        assert_eq!(inversions(&[1, 0, 3, 2, 0], 4), 5);
    }
}
