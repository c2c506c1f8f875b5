//! A check of a plan that does not trust whoever built it.

use std::collections::HashMap;
use std::fmt;

use crate::plan::{NodeKind, NodeSpec, ScopeSpec};

/// Checks what a scope promises: names, indices and their order, in bodies and arms too.
///
/// `workflow!` builds no other plans; whoever loads one relies on this and not on the macro.
///
/// # Errors
/// Lists every problem, in the order of the nodes.
pub fn validate(scope: &ScopeSpec) -> Result<(), PlanError> {
    let mut check = Check {
        outside: Vec::new(),
        problems: Vec::new(),
    };
    check.scope(scope);
    if check.problems.is_empty() {
        Ok(())
    } else {
        Err(PlanError {
            problems: check.problems,
        })
    }
}

/// Why a plan cannot be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    problems: Vec<Problem>,
}

impl PlanError {
    /// Every problem, in the order of the nodes; at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// A stable word for this error: `invalid_plan`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "invalid_plan"
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plan cannot be run: ")?;
        for (index, problem) in self.problems.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanError {}

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    path: String,
    kind: ProblemKind,
}

impl Problem {
    /// The path of the node, a nameless one's with its index as `#3`;
    /// for a result the path of the `for` or the branch it is inside, empty for the workflow's own.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &ProblemKind {
        &self.kind
    }
}

/// What can be wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The name is empty, or has a `/` or a control character in it.
    BadName,
    /// A node before it, at this index, has the same name.
    DuplicateName(usize),
    /// It waits for itself.
    Itself,
    /// It waits for this node, which does not come before it: at best a wrong order, at worst a cycle.
    Forward(String),
    /// It waits for a node at this index, and there is none.
    OutOfBounds(usize),
    /// It is a result that reads a node at this index, and there is none.
    ResultOutOfBounds(usize),
    /// It waits for this node, which is `finally` and so waits for it.
    WaitsForFinally(String),
    /// The indices that it waits for do not ascend.
    NotAscending,
    /// It calls nothing.
    NothingToCall,
    /// It is a branch without arms.
    NoArms,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, self.path.as_str()) {
            (ProblemKind::ResultOutOfBounds(_), "") => f.write_str("the result ")?,
            (ProblemKind::ResultOutOfBounds(_), path) => write!(f, "the result of `{path}` ")?,
            (_, path) => write!(f, "node `{path}` ")?,
        }
        match &self.kind {
            ProblemKind::ResultOutOfBounds(index) => {
                write!(f, "reads node {index}, which does not exist")
            }
            ProblemKind::BadName => {
                f.write_str("has a name that is empty or has a `/` or a control character in it")
            }
            ProblemKind::DuplicateName(first) => write!(f, "has the name of node {first}"),
            ProblemKind::Itself => f.write_str("waits for itself"),
            ProblemKind::Forward(other) => {
                write!(f, "waits for `{other}`, which does not come before it")
            }
            ProblemKind::OutOfBounds(index) => {
                write!(f, "waits for node {index}, which does not exist")
            }
            ProblemKind::WaitsForFinally(other) => {
                write!(
                    f,
                    "waits for `{other}`, which is `finally` and waits for all others"
                )
            }
            ProblemKind::NotAscending => {
                f.write_str("names what it waits for in an order that does not ascend")
            }
            ProblemKind::NothingToCall => f.write_str("calls nothing"),
            ProblemKind::NoArms => f.write_str("is a branch without arms"),
        }
    }
}

struct Check {
    /// The names of the nodes that the scope is inside.
    outside: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl Check {
    fn report(&mut self, index: usize, node: &NodeSpec, kind: ProblemKind) {
        let nameless = format!("#{index}");
        let name = if node.name.is_empty() {
            &nameless
        } else {
            node.name
        };
        let path = self
            .outside
            .iter()
            .copied()
            .chain([name])
            .collect::<Vec<_>>()
            .join("/");
        self.problems.push(Problem { path, kind });
    }

    fn scope(&mut self, scope: &ScopeSpec) {
        let mut seen = HashMap::with_capacity(scope.nodes.len());
        for (index, node) in scope.nodes.iter().enumerate() {
            if node.name.is_empty() || node.name.contains(|c: char| c == '/' || c.is_control()) {
                self.report(index, node, ProblemKind::BadName);
            }
            if let Some(first) = seen.insert(node.name, index) {
                self.report(index, node, ProblemKind::DuplicateName(first));
                seen.insert(node.name, first);
            }
            self.indices(scope, index, node, node.reads);
            self.indices(scope, index, node, node.after);
            self.kind(scope, index, node);
        }
        for &index in scope
            .result
            .iter()
            .filter(|index| **index >= scope.nodes.len())
        {
            let kind = ProblemKind::ResultOutOfBounds(index);
            self.problems.push(Problem {
                path: self.outside.join("/"),
                kind,
            });
        }
    }

    fn indices(&mut self, scope: &ScopeSpec, index: usize, node: &NodeSpec, before: &[usize]) {
        if !before.is_sorted_by(|a, b| a < b) {
            self.report(index, node, ProblemKind::NotAscending);
        }
        for &from in before {
            let problem = match scope.nodes.get(from) {
                None => ProblemKind::OutOfBounds(from),
                Some(_) if from == index => ProblemKind::Itself,
                Some(other) if from > index => ProblemKind::Forward(other.name.to_owned()),
                Some(other) if other.finally && !node.finally => {
                    ProblemKind::WaitsForFinally(other.name.to_owned())
                }
                Some(_) => continue,
            };
            self.report(index, node, problem);
        }
    }

    fn kind(&mut self, scope: &ScopeSpec, index: usize, node: &NodeSpec) {
        match node.kind {
            NodeKind::Call([]) => self.report(index, node, ProblemKind::NothingToCall),
            NodeKind::Call(_)
            | NodeKind::Repeat { .. }
            | NodeKind::Signal { .. }
            | NodeKind::Sleep { .. } => {}
            NodeKind::For { body, .. } => self.inside(node, body),
            NodeKind::Branch { arms, .. } => {
                if arms.is_empty() {
                    self.report(index, node, ProblemKind::NoArms);
                }
                for arm in arms {
                    self.indices(scope, index, node, arm.reads);
                    self.inside(node, arm.body);
                }
            }
        }
    }

    fn inside(&mut self, node: &NodeSpec, scope: &ScopeSpec) {
        self.outside.push(node.name);
        self.scope(scope);
        self.outside.pop();
    }
}
