//! The graph as data: what `workflow!` built at compile time, with names in place of indices.
//!
//! A workflow `Checkout` carries its graph as `Checkout::GRAPH`.
//! Everything here is read from that constant; nothing is run and nothing is looked up.
//!
//! Nodes that are marked `finally` wait for all others without an edge that says so.
//! They come last in [`Graph::topological_order`] and stand outside of [`Graph::roots`],
//! [`Graph::leaves`], [`Graph::depth`] and [`Graph::width`].
//!
//! ```
//! use orch_core::graph::{Graph, PlanError};
//! use orch_core::plan::{Callee, NodeKind, NodeSpec, ScopeSpec, StepSpec, WorkflowSpec};
//!
//! // What `workflow!` writes for `rates = fetch_rates(); price(&rates)`.
//! const FETCH_RATES: StepSpec = StepSpec::new("fetch-rates");
//! const PRICE: StepSpec = StepSpec::new("price");
//! const RATES_NODE: NodeSpec = NodeSpec::new("rates", NodeKind::Call(&[Callee::Step(&FETCH_RATES)]));
//! const PRICE_NODE: NodeSpec = NodeSpec {
//!     reads: &[0],
//!     ..NodeSpec::new("price", NodeKind::Call(&[Callee::Step(&PRICE)]))
//! };
//! static QUOTE: WorkflowSpec =
//!     WorkflowSpec::new("Quote", &ScopeSpec { nodes: &[RATES_NODE, PRICE_NODE], result: &[1] });
//!
//! # fn main() -> Result<(), PlanError> {
//! let graph = Graph::of(&QUOTE);
//! graph.validate()?;
//! assert_eq!(graph.topological_order(), ["rates", "price"]);
//! assert_eq!((graph.roots(), graph.leaves()), (vec!["rates"], vec!["price"]));
//! assert_eq!(graph.plan().critical_path, ["rates", "price"]);
//! # Ok(())
//! # }
//! ```

use std::fmt;

use crate::plan::{ParamSpec, WorkflowSpec};

mod check;
#[cfg(feature = "pictures")]
mod diagram;
mod difference;
#[cfg(feature = "pictures")]
mod dot;
mod dry_run;
mod fingerprint;
mod inventory;
#[cfg(feature = "serde")]
mod json;
#[cfg(feature = "pictures")]
mod mermaid;
mod node;
mod scope;
mod shape;
mod table;
#[cfg(test)]
mod tests;

pub use self::check::{PlanError, Problem, ProblemKind, validate};
pub use self::difference::difference;
pub use self::dry_run::{Plan, PlannedCall, PlannedNode, PlannedScope, Wave};
pub use self::fingerprint::Fingerprint;
pub use self::inventory::{Entry, Inventory};
pub use self::node::{Call, Node};
pub use self::scope::{Edge, EdgeKind, Scope};

/// A workflow's graph.
///
/// It is a reference to constant data: copying it costs nothing.
#[derive(Clone, Copy)]
pub struct Graph(&'static WorkflowSpec);

impl Graph {
    /// The graph of the workflow that `spec` describes.
    #[must_use]
    pub const fn of(spec: &'static WorkflowSpec) -> Self {
        Self(spec)
    }

    /// The description it was made from.
    #[must_use]
    pub const fn spec(self) -> &'static WorkflowSpec {
        self.0
    }

    /// The workflow's name, as declared.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What `version = "…"` says; empty when there is none.
    #[must_use]
    pub const fn version(self) -> &'static str {
        self.0.version
    }

    /// Who owns the workflow; empty when nobody is named.
    #[must_use]
    pub const fn owner(self) -> &'static str {
        self.0.owner
    }

    /// How to reach the owner; empty when it is not said.
    #[must_use]
    pub const fn contact(self) -> &'static str {
        self.0.contact
    }

    /// Where the workflow's documentation is; empty when it is not said.
    #[must_use]
    pub const fn docs(self) -> &'static str {
        self.0.docs
    }

    /// What the workflow's attribute `#[deprecated]` says; `None` of one that is not deprecated.
    #[must_use]
    pub const fn deprecated(self) -> Option<&'static str> {
        self.0.deprecated
    }

    /// The workflow's documentation comment.
    #[must_use]
    pub const fn description(self) -> &'static str {
        self.0.description
    }

    /// What a run is started with, in order.
    #[must_use]
    pub const fn inputs(self) -> &'static [ParamSpec] {
        self.0.inputs
    }

    /// The type of a run's result, as it is written.
    #[must_use]
    pub const fn output(self) -> &'static str {
        self.0.output
    }

    /// The workflow's own nodes with what holds between them.
    #[must_use]
    pub fn scope(self) -> Scope {
        Scope::root(self.0.scope)
    }

    /// The workflow's own nodes, in topological order; [`Node::scopes`] leads to those inside a node.
    pub fn nodes(self) -> impl Iterator<Item = Node> {
        self.scope().nodes()
    }

    /// The node of this name, or of this path (`parcels/pack`) when it is inside another one.
    ///
    /// Nodes of one name in several arms share a path; the first of them is returned.
    #[must_use]
    pub fn node(self, path: &str) -> Option<Node> {
        self.scope().node(path)
    }

    /// What holds between the workflow's own nodes, in the order of the nodes they lead to.
    #[must_use]
    pub fn edges(self) -> Vec<Edge> {
        self.scope().edges()
    }

    /// The names of the nodes, each after all that it waits for; `finally` nodes come last.
    #[must_use]
    pub fn topological_order(self) -> Vec<&'static str> {
        self.scope().topological_order()
    }

    /// The names of the nodes that wait for nothing and start with the run.
    #[must_use]
    pub fn roots(self) -> Vec<&'static str> {
        self.scope().roots()
    }

    /// The names of the nodes that no node waits for, `finally` nodes aside.
    #[must_use]
    pub fn leaves(self) -> Vec<&'static str> {
        self.scope().leaves()
    }

    /// How many nodes the longest chain has.
    ///
    /// A `for`, a branch or a sub-workflow counts as one node;
    /// [`Plan::critical_path`] looks into bodies and arms.
    #[must_use]
    pub fn depth(self) -> usize {
        self.scope().depth()
    }

    /// The most nodes that can be under way at once: the size of the largest antichain.
    ///
    /// This is exact (Dilworth's theorem), not the size of the largest level.
    /// It counts as [`Graph::depth`] does,
    /// and takes a rule that starts its node early, such as `one_success`, for one that waits for all.
    #[must_use]
    pub fn width(self) -> usize {
        self.scope().width()
    }

    /// What identifies the structure; see [`Fingerprint`].
    #[must_use]
    pub fn fingerprint(self) -> Fingerprint {
        Fingerprint::of(self.0)
    }

    /// As a Mermaid flowchart.
    ///
    /// Dashed arrows only order; arrows from a node to one that reads its outcome say so.
    /// Wants the feature `pictures`.
    #[cfg(feature = "pictures")]
    #[must_use]
    pub fn to_mermaid(self) -> String {
        mermaid::render(self)
    }

    /// As a Graphviz digraph in the DOT language.
    ///
    /// Bodies and arms are clusters; dashed edges only order.
    /// Wants the feature `pictures`.
    #[cfg(feature = "pictures")]
    #[must_use]
    pub fn to_dot(self) -> String {
        dot::render(self)
    }

    /// As the picture that is in the workflow's documentation page: an SVG document without scripts.
    ///
    /// Wants the feature `pictures`.
    #[cfg(feature = "pictures")]
    #[must_use]
    pub const fn to_svg(self) -> &'static str {
        self.0.svg
    }

    /// A dry run: what would run in which order under which policies. Nothing is run.
    #[must_use]
    pub fn plan(self) -> Plan {
        Plan::of(self)
    }

    /// Checks the nodes as [`validate`] does.
    ///
    /// # Errors
    /// Lists every problem; a graph that `workflow!` built has none.
    pub fn validate(self) -> Result<(), PlanError> {
        validate(self.0.scope)
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("name", &self.name())
            .field("version", &self.version())
            .field("nodes", &self.topological_order())
            .finish_non_exhaustive()
    }
}
