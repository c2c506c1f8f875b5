//! Results as Markdown, for terminals and for `docs/benchmarks.md`.

use crate::goals::{Goal, SLACK};
use crate::harness::Measured;

/// What was measured of one shape.
#[derive(Debug)]
pub struct Row {
    /// The shape.
    pub case: &'static str,
    /// Whether it was measured run by run.
    pub whole: bool,
    /// All that ran it.
    pub measured: Vec<Measured>,
}

/// A Markdown table.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let names: Vec<_> = head.iter().map(ToString::to_string).collect();
    let rules: Vec<_> = (0..head.len())
        .map(|column| if column == 0 { "---" } else { "---:" }.to_owned())
        .collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    line(&names) + &line(&rules) + &body
}

/// Candidates down, shapes across: the median, and the least in parentheses; in milliseconds from one on.
#[must_use]
pub fn times(rows: &[Row]) -> String {
    across(rows, |one| match one.run {
        run if run < 1e6 => format!("{run:.0} ({:.0})", one.least),
        run => format!("{:.1} ({:.1})", run / 1e6, one.least / 1e6),
    })
}

/// Candidates down, shapes across: the time as a share of what their steps took, for steps that burn CPU.
#[must_use]
pub fn shares(rows: &[Row]) -> String {
    across(&only(rows, |one| one.share > 0.0), |one| {
        format!("{:.2}", one.share)
    })
}

/// Candidates down, shapes across: what building took, where it is apart.
#[must_use]
pub fn builds(rows: &[Row]) -> String {
    across(&only(rows, |one| one.build > 0.0), |one| {
        format!("{:.0}", one.build)
    })
}

/// What is wanted of the rows, without rows that have none of it.
fn only(rows: &[Row], wanted: impl Fn(&Measured) -> bool) -> Vec<Row> {
    rows.iter()
        .map(|row| Row {
            case: row.case,
            whole: row.whole,
            measured: row
                .measured
                .iter()
                .filter(|one| wanted(one))
                .cloned()
                .collect(),
        })
        .filter(|row| !row.measured.is_empty())
        .collect()
}

fn across(rows: &[Row], cell: impl Fn(&Measured) -> String) -> String {
    let columns: Vec<_> = rows
        .iter()
        .map(|row| {
            let cells = row.measured.iter().map(|one| (one.name, cell(one)));
            (row.case, cells.collect())
        })
        .collect();
    grid(&columns)
}

/// A table of columns, each of which has cells for some of the lines, by the lines' names.
#[must_use]
pub fn grid(columns: &[(&str, Vec<(&str, String)>)]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in columns.iter().flat_map(|(_, cells)| cells) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let head: Vec<_> = [""]
        .into_iter()
        .chain(columns.iter().map(|(head, _)| *head))
        .collect();
    let body: Vec<_> = names
        .iter()
        .map(|name| {
            let cells = columns.iter().map(|(_, cells)| {
                let found = cells.iter().find(|(of, _)| of == name);
                found.map_or_else(|| "–".to_owned(), |(_, cell)| cell.clone())
            });
            [(*name).to_owned()].into_iter().chain(cells).collect()
        })
        .collect();
    table(&head, &body)
}

/// How the goals fared.
#[derive(Debug)]
pub struct Verdict {
    /// The table.
    pub table: String,
    /// The shapes of those beyond their [limit](Goal::limit), and what is to be said of them.
    pub missed: Vec<(&'static str, String)>,
}

/// Compares what was measured with the goals.
#[must_use]
pub fn verdict(goals: &[Goal], rows: &[Row]) -> Verdict {
    let mut body = Vec::new();
    let mut missed = Vec::new();
    for goal in goals {
        let ratio = rows.iter().find_map(|row| goal.ratio(row));
        let Some(ratio) = ratio else { continue };
        let Goal {
            case,
            candidate,
            against,
            at_most,
            stands,
        } = goal;
        let met = match ratio / at_most {
            part if part <= 1.0 => "met",
            part if part <= SLACK => "nearly",
            _ => "**missed**",
        };
        if ratio > goal.limit() {
            let said = format!(
                "{case}: {candidate} takes {ratio:.2} of {against}; {at_most:.2} is the goal, and {stands:.2} stands"
            );
            missed.push((*case, said));
        }
        body.push(vec![
            (*case).to_owned(),
            format!("{candidate} / {against}"),
            format!("{at_most:.2}"),
            format!("{ratio:.2}"),
            met.to_owned(),
        ]);
    }
    Verdict {
        table: table(&["shape", "ratio", "at most", "is", ""], &body),
        missed,
    }
}
