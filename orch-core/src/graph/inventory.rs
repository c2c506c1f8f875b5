//! A table of workflows: what there is, who owns it, where to read about it.

use std::fmt;

#[cfg(feature = "serde")]
use serde::Serialize;

use super::Graph;
use super::table::Table;

/// Workflows with their owners, in the order they were given; as a table through [`Display`](fmt::Display).
///
/// What a workflow does not say is an empty string here, nothing in JSON and `-` in the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(transparent))]
pub struct Inventory {
    entries: Vec<Entry>,
}

/// One workflow of an [`Inventory`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Entry {
    /// The workflow's name.
    pub workflow: &'static str,
    /// Its version.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "str::is_empty"))]
    pub version: &'static str,
    /// Who owns it.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "str::is_empty"))]
    pub owner: &'static str,
    /// How to reach the owner.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "str::is_empty"))]
    pub contact: &'static str,
    /// Where its documentation is.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "str::is_empty"))]
    pub docs: &'static str,
    /// What its attribute `#[deprecated]` says, if it has one.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub deprecated: Option<&'static str>,
    /// How many nodes it has, those inside bodies and arms not counted.
    pub nodes: usize,
}

impl Inventory {
    /// The table's rows.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl FromIterator<Graph> for Inventory {
    fn from_iter<I: IntoIterator<Item = Graph>>(graphs: I) -> Self {
        let entry = |graph: Graph| Entry {
            workflow: graph.name(),
            version: graph.version(),
            owner: graph.owner(),
            contact: graph.contact(),
            docs: graph.docs(),
            deprecated: graph.deprecated(),
            nodes: graph.spec().scope.nodes.len(),
        };
        Self {
            entries: graphs.into_iter().map(entry).collect(),
        }
    }
}

impl fmt::Display for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::default();
        let head = [
            "WORKFLOW",
            "VERSION",
            "OWNER",
            "CONTACT",
            "DOCS",
            "NODES",
            "DEPRECATED",
        ];
        table.row(head.map(str::to_owned));
        for entry in &self.entries {
            let nodes = entry.nodes.to_string();
            let cells = [
                entry.workflow,
                entry.version,
                entry.owner,
                entry.contact,
                entry.docs,
                &nodes,
                entry.deprecated.unwrap_or(""),
            ];
            table.row(cells.map(|cell| if cell.is_empty() { "-" } else { cell }.to_owned()));
        }
        table.fmt(f)
    }
}
