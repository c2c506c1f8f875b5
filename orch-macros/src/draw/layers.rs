//! Which row each node is in, and where edges pass the rows between.

use super::Drawing;

/// Nodes and bends in rows.
pub(super) struct Grid {
    /// The nodes of the drawing, in its order, and then the bends.
    pub(super) cells: Vec<Cell>,
    /// The cells of each row, from left to right.
    pub(super) rows: Vec<Vec<usize>>,
    /// For each edge of the drawing the cells it passes, its ends included; none for one that is left out.
    pub(super) chains: Vec<Vec<usize>>,
}

/// A node, or a bend of an edge that passes a row.
#[derive(Default)]
pub(super) struct Cell {
    /// The row.
    pub(super) row: usize,
    /// Whether it is a bend, which takes no room of its own.
    pub(super) bend: bool,
    /// What it is tied to in the row above.
    pub(super) above: Vec<usize>,
    /// What it is tied to in the row below.
    pub(super) below: Vec<usize>,
}

impl Grid {
    /// Puts each node in the row below the last one it waits for, and `finally` nodes below all others.
    pub(super) fn of(drawing: &Drawing) -> Self {
        let (order, edges) = acyclic(drawing);
        let rows = ranks(drawing, &order, &edges);
        let cells = rows
            .iter()
            .map(|&row| Cell {
                row,
                ..Cell::default()
            })
            .collect();
        let count = rows.iter().max().map_or(0, |last| last + 1);
        let mut grid = Self {
            cells,
            rows: vec![Vec::new(); count],
            chains: vec![Vec::new(); drawing.edges.len()],
        };
        grid.add_edges(edges);
        grid.fill_rows();
        grid
    }

    /// Ties each edge to a bend in each row it passes.
    ///
    /// Long edges are many bends: the longest have none and run straight once there are
    /// several for each node, so that a large graph takes linear time.
    fn add_edges(&mut self, mut edges: Vec<Edge>) {
        let mut budget = 256 + 4 * (self.cells.len() + edges.len());
        edges.sort_by_key(|edge| self.cells[edge.to].row - self.cells[edge.from].row);
        for Edge { from, to, index } in edges {
            let passed = self.cells[from].row + 1..self.cells[to].row;
            let Some(left) = budget.checked_sub(passed.len()) else {
                self.chains[index] = vec![from, to];
                continue;
            };
            budget = left;
            let mut chain = vec![from];
            for row in passed {
                chain.push(self.cells.len());
                self.cells.push(Cell {
                    row,
                    bend: true,
                    ..Cell::default()
                });
            }
            chain.push(to);
            for pair in chain.windows(2) {
                self.cells[pair[0]].below.push(pair[1]);
                self.cells[pair[1]].above.push(pair[0]);
            }
            self.chains[index] = chain;
        }
    }

    /// A first order of the rows: depth first, so that what belongs together stays together.
    fn fill_rows(&mut self) {
        let mut seen = vec![false; self.cells.len()];
        let mut starts: Vec<usize> = (0..self.cells.len()).collect();
        starts.sort_by_key(|&cell| self.cells[cell].row);
        for start in starts {
            let mut stack = vec![start];
            while let Some(cell) = stack.pop() {
                if std::mem::replace(&mut seen[cell], true) {
                    continue;
                }
                self.rows[self.cells[cell].row].push(cell);
                stack.extend(self.cells[cell].below.iter().rev());
            }
        }
    }
}

/// An edge of the drawing by its ends and its place in the list.
#[derive(Clone, Copy)]
struct Edge {
    from: usize,
    to: usize,
    index: usize,
}

/// The nodes in a topological order, and the edges that agree with it.
fn acyclic(drawing: &Drawing) -> (Vec<usize>, Vec<Edge>) {
    let count = drawing.nodes.len();
    let edges = drawing.edges.iter().enumerate();
    let edges = edges.map(|(index, line)| Edge {
        from: line.from,
        to: line.to,
        index,
    });
    let mut edges: Vec<Edge> = edges
        .filter(|edge| edge.from < count && edge.to < count)
        .collect();

    let mut waiting = vec![0_usize; count];
    let mut below = vec![Vec::new(); count];
    for edge in &edges {
        waiting[edge.to] += 1;
        below[edge.from].push(edge.to);
    }
    let mut order: Vec<usize> = (0..count).filter(|&node| waiting[node] == 0).collect();
    let mut next = 0;
    while let Some(&node) = order.get(next) {
        next += 1;
        for &to in &below[node] {
            waiting[to] -= 1;
            if waiting[to] == 0 {
                order.push(to);
            }
        }
    }
    // What is left is on a cycle or below one.
    order.extend((0..count).filter(|&node| waiting[node] > 0));
    let mut place = vec![0; count];
    for (index, &node) in order.iter().enumerate() {
        place[node] = index;
    }
    edges.retain(|edge| place[edge.from] < place[edge.to]);
    (order, edges)
}

/// For each node its row.
fn ranks(drawing: &Drawing, order: &[usize], edges: &[Edge]) -> Vec<usize> {
    let mut above = vec![Vec::new(); drawing.nodes.len()];
    for edge in edges {
        above[edge.to].push(edge.from);
    }
    let mut ranks = vec![0; drawing.nodes.len()];
    let (last, first): (Vec<usize>, Vec<usize>) =
        order.iter().partition(|&&node| drawing.nodes[node].finally);
    let mut start = 0;
    for nodes in [first, last] {
        for &node in &nodes {
            let lowest = above[node].iter().map(|&from| ranks[from] + 1).max();
            ranks[node] = lowest.unwrap_or(0).max(start);
        }
        start = nodes.iter().map(|&node| ranks[node] + 1).max().unwrap_or(0);
    }
    ranks
}
