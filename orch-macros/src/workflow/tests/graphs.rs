//! Cycles and orders, compared with what petgraph says of the same graph.

use std::collections::BTreeSet;

use petgraph::algo::{floyd_warshall, tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use proptest::prelude::*;

use super::random::{Scope, Workflow, workflows};
use crate::diagnostics::Errors;
use crate::ordered::Set;
use crate::workflow::{analysis::Analysis, check, parse};

/// What each arm reads.
fn read(arms: &[Set<usize>]) -> Vec<BTreeSet<usize>> {
    let arms = arms.iter();
    arms.map(|arm| arm.iter().copied().collect()).collect()
}

/// What the macro finds in a workflow.
struct Found {
    cycles: Vec<Report>,
    /// Scope by scope, the nodes in the plan's order.
    orders: Vec<Vec<usize>>,
    /// Scope by scope and equation by equation, what its arms alone read.
    arms: Vec<Vec<Vec<BTreeSet<usize>>>>,
}

/// A reported cycle: what it names in words, and what it underlines.
#[derive(Debug)]
struct Report {
    names: Vec<String>,
    underlined: Vec<Underlined>,
}

#[derive(Debug)]
struct Underlined {
    text: String,
    start: usize,
}

fn found(workflow: &Workflow) -> Found {
    let mut errors = Errors::new();
    let tokens = workflow.text.parse().unwrap();
    let parsed = parse::workflow(tokens, &mut errors).unwrap();
    let mut analysis = Analysis::new(&parsed, &mut errors);
    check::check(&mut analysis, &mut errors);
    let scopes = analysis.scopes.iter();
    Found {
        cycles: errors.into_list().iter().filter_map(report).collect(),
        orders: scopes.clone().map(|scope| scope.order.clone()).collect(),
        arms: scopes
            .map(|scope| scope.arm_reads.iter().map(|arms| read(arms)).collect())
            .collect(),
    }
}

/// The cycle that an error is about, if it is about one.
fn report(error: &syn::Error) -> Option<Report> {
    let message = error.to_string();
    let quoted: Vec<String> = message
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    let names = if message.starts_with("these nodes wait for each other") {
        assert_eq!(quoted.first(), quoted.last(), "{message}");
        quoted[1..].to_vec()
    } else if message.contains("is defined by itself") || message.contains("wait for itself") {
        quoted[..1].to_vec()
    } else {
        assert!(message.contains("`after` is not needed"), "{message}");
        return None;
    };
    let underlined = error.into_iter().map(|error| Underlined {
        text: error.span().source_text().unwrap(),
        start: error.span().byte_range().start,
    });
    Some(Report {
        names,
        underlined: underlined.collect(),
    })
}

fn graph(scope: &Scope) -> DiGraph<(), usize, usize> {
    let mut graph = DiGraph::default();
    for _ in &scope.equations {
        graph.add_node(());
    }
    for &(from, to) in &scope.edges {
        graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), 1);
    }
    graph
}

/// The strongly connected components that hold a cycle, each with the length of its shortest one.
fn cyclic(scope: &Scope) -> Vec<(BTreeSet<usize>, usize)> {
    let graph = graph(scope);
    let distances = floyd_warshall(&graph, |edge| *edge.weight()).unwrap();
    let components = tarjan_scc(&graph).into_iter();
    components
        .filter(|component| component.len() > 1 || graph.contains_edge(component[0], component[0]))
        .map(|component| {
            let around = graph.edge_indices().filter_map(|edge| {
                let (from, to) = graph.edge_endpoints(edge).unwrap();
                let inside = component.contains(&from) && component.contains(&to);
                inside.then(|| 1 + distances[&(to, from)])
            });
            let shortest = around.min().unwrap();
            (
                component.iter().map(|node| node.index()).collect(),
                shortest,
            )
        })
        .collect()
}

/// One report for each component with a cycle, and none else.
fn cycles_are_reported(workflow: &Workflow, reports: &[Report]) -> Result<(), TestCaseError> {
    let mut open = Vec::new();
    for (id, scope) in workflow.scopes.iter().enumerate() {
        let components = cyclic(scope);
        prop_assert_eq!(components.is_empty(), toposort(&graph(scope), None).is_ok());
        open.extend(components.into_iter().map(|component| (id, component)));
    }
    prop_assert_eq!(reports.len(), open.len(), "{:#?}", reports);
    for report in reports {
        let first = &report.names[0];
        let owner = |scope: &Scope| scope.equations.iter().any(|found| found.name == *first);
        let id = workflow.scopes.iter().position(owner).unwrap();
        let scope = &workflow.scopes[id];
        let place = |name: &String| scope.equations.iter().position(|found| found.name == *name);
        let cycle: Vec<usize> = report.names.iter().filter_map(place).collect();
        prop_assert_eq!(cycle.len(), report.names.len(), "{:?}", report);
        let nodes: BTreeSet<usize> = cycle.iter().copied().collect();
        prop_assert_eq!(cycle.len(), nodes.len(), "a node twice: {:?}", report);
        let component = open
            .iter()
            .position(|(of, (component, _))| *of == id && nodes.is_subset(component));
        prop_assert!(component.is_some(), "no such component: {:?}", report);
        let (_, (_, shortest)) = open.swap_remove(component.unwrap());
        prop_assert_eq!(cycle.len(), shortest, "not a shortest cycle: {:?}", report);
        edges_are_underlined(scope, &cycle, report)?;
    }
    Ok(())
}

/// A reported cycle is one, and each of its edges is underlined where its reader names what it reads.
fn edges_are_underlined(
    scope: &Scope,
    cycle: &[usize],
    report: &Report,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(report.underlined.len(), cycle.len());
    for (edge, underlined) in report.underlined.iter().enumerate() {
        // The words end with the node that they begin with.
        let from = cycle[(edge + cycle.len() - 1) % cycle.len()];
        let (to, next) = (cycle[edge], &scope.equations[cycle[edge]]);
        prop_assert!(
            scope.edges.contains(&(from, to)),
            "{} needs no {}",
            from,
            to
        );
        prop_assert!(underlined.text.contains(&next.name), "{:?}", underlined);
        let reader = &scope.equations[from];
        let reader = if reader.at.is_empty() {
            &scope.equations[from + 1]
        } else {
            reader
        };
        prop_assert!(reader.at.contains(&underlined.start), "{:?}", underlined);
    }
    Ok(())
}

/// A scope without a cycle has its nodes in the first order, by the source, in which nothing runs too early.
fn order_is_right(scope: &Scope, order: &[usize]) -> Result<(), TestCaseError> {
    let graph = graph(scope);
    if toposort(&graph, None).is_err() {
        return Ok(());
    }
    let is_node = |idx: &usize| scope.equations[*idx].is_node;
    let waits_for = |node: usize| {
        let (mut nodes, mut open) = (BTreeSet::new(), vec![node]);
        while let Some(at) = open.pop() {
            for next in graph.neighbors(NodeIndex::new(at)).map(NodeIndex::index) {
                if is_node(&next) {
                    nodes.insert(next);
                } else {
                    open.push(next);
                }
            }
        }
        nodes
    };
    let mut open: BTreeSet<usize> = (0..scope.equations.len()).filter(is_node).collect();
    let mut expected = Vec::new();
    while let Some(&next) = open
        .iter()
        .find(|node| waits_for(**node).is_disjoint(&open))
    {
        open.remove(&next);
        expected.push(next);
    }
    prop_assert_eq!(order, expected.as_slice());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4096, ..ProptestConfig::default() })]

    #[test]
    fn cycles_and_orders_are_those_of_another_implementation(workflow in workflows()) {
        let found = found(&workflow);
        prop_assert_eq!(found.orders.len(), workflow.scopes.len());
        cycles_are_reported(&workflow, &found.cycles)?;
        for (id, scope) in workflow.scopes.iter().enumerate() {
            order_is_right(scope, &found.orders[id])?;
            for (equation, found) in scope.equations.iter().zip(&found.arms[id]) {
                // Arms that read nothing count as little as arms that are left out.
                let mut expected = equation.only_arms();
                expected.retain(|arm| !arm.is_empty());
                let found = found.iter().filter(|arm| !arm.is_empty());
                prop_assert!(found.eq(&expected), "{}: {:?}", equation.name, expected);
            }
        }
        prop_assert_eq!(found.orders, self::found(&workflow).orders, "stable");
    }
}
