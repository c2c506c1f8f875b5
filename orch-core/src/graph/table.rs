//! Text in columns.

use std::fmt;

/// Rows with aligned columns, and lines of text between them.
#[derive(Default)]
pub(super) struct Table<const N: usize> {
    lines: Vec<Line<N>>,
}

enum Line<const N: usize> {
    Text(String),
    Cells([String; N]),
}

impl<const N: usize> Table<N> {
    /// Adds a line that takes no part in the columns.
    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.lines.push(Line::Text(text.into()));
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: [String; N]) {
        self.lines.push(Line::Cells(cells));
    }

    fn widths(&self) -> [usize; N] {
        let mut widths = [0; N];
        for line in &self.lines {
            if let Line::Cells(cells) = line {
                for (width, cell) in widths.iter_mut().zip(cells) {
                    *width = (*width).max(cell.chars().count());
                }
            }
        }
        widths
    }
}

/// Columns are two spaces apart, an empty one takes no space, and no line ends in spaces.
impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for line in &self.lines {
            match line {
                Line::Text(text) => writeln!(f, "{text}")?,
                Line::Cells(cells) => {
                    let columns = cells.iter().zip(widths).filter(|(_, width)| *width > 0);
                    let columns: Vec<String> = columns
                        .map(|(cell, width)| format!("{cell:width$}"))
                        .collect();
                    writeln!(f, "{}", columns.join("  ").trim_end())?;
                }
            }
        }
        Ok(())
    }
}
