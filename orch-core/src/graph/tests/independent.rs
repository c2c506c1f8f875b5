//! Random graphs, measured a second time with petgraph and by brute force.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::{Direction, algo};
use proptest::prelude::*;

use super::super::*;
use crate::plan::{Callee, NodeKind, NodeSpec, ScopeSpec, StepSpec};

const STEP: StepSpec = StepSpec::new("step");

/// For each node the nodes it reads and the nodes it only waits for.
type Edges = Vec<(Vec<usize>, Vec<usize>)>;

fn edges(most: usize) -> impl Strategy<Value = Edges> {
    prop::collection::vec(
        prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..4),
        1..most,
    )
    .prop_map(|nodes| {
        let ends = nodes.into_iter().enumerate().map(|(index, picks)| {
            let (mut reads, mut after) = (Vec::new(), Vec::new());
            for (pick, read) in picks.into_iter().filter(|_| index > 0) {
                if read { &mut reads } else { &mut after }.push(pick.index(index));
            }
            for list in [&mut reads, &mut after] {
                list.sort_unstable();
                list.dedup();
            }
            (reads, after)
        });
        ends.collect()
    })
}

fn graph(edges: &Edges) -> Graph {
    let nodes: Vec<NodeSpec> = edges
        .iter()
        .enumerate()
        .map(|(index, (reads, after))| NodeSpec {
            reads: reads.clone().leak(),
            after: after.clone().leak(),
            ..NodeSpec::new(
                format!("n{index}").leak(),
                NodeKind::Call(&[Callee::Step(&STEP)]),
            )
        })
        .collect();
    let scope = Box::leak(Box::new(ScopeSpec {
        nodes: nodes.leak(),
        result: &[0],
    }));
    Graph::of(Box::leak(Box::new(WorkflowSpec::new("Random", scope))))
}

fn petgraph(edges: &Edges) -> DiGraph<String, ()> {
    let mut graph = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..edges.len())
        .map(|index| graph.add_node(format!("n{index}")))
        .collect();
    for (to, (reads, after)) in edges.iter().enumerate() {
        for from in reads.iter().chain(after) {
            graph.update_edge(nodes[*from], nodes[to], ());
        }
    }
    graph
}

fn externals(graph: &DiGraph<String, ()>, direction: Direction) -> Vec<&str> {
    graph
        .externals(direction)
        .map(|node| graph[node].as_str())
        .collect()
}

/// The longest path in nodes: all distances are negative, so that the shortest is the longest.
fn longest_path(graph: &DiGraph<String, ()>) -> usize {
    let negative = graph.map(|_, _| (), |_, ()| -1.0_f64);
    let longest = |from| -> f64 {
        let paths =
            algo::bellman_ford(&negative, from).expect("an acyclic graph has no negative cycle");
        paths
            .distances
            .into_iter()
            .filter(|distance| distance.is_finite())
            .fold(0.0, f64::min)
    };
    let edges = negative
        .node_indices()
        .map(|from| -longest(from) as usize)
        .max();
    edges.map_or(0, |edges| edges + 1)
}

/// The largest set of nodes of which none reaches another, by trying all.
fn largest_antichain(graph: &DiGraph<String, ()>) -> usize {
    let count = graph.node_count();
    let node = NodeIndex::new;
    let conflicts: Vec<u32> = (0..count)
        .map(|a| {
            let meets = |b: &usize| {
                *b != a
                    && (algo::has_path_connecting(graph, node(a), node(*b), None)
                        || algo::has_path_connecting(graph, node(*b), node(a), None))
            };
            (0..count).filter(meets).fold(0, |set, b| set | 1 << b)
        })
        .collect();
    let free = |set: &u32| (0..count).all(|a| set >> a & 1 == 0 || set & conflicts[a] == 0);
    (0..1_u32 << count)
        .filter(free)
        .map(u32::count_ones)
        .max()
        .unwrap_or(0) as usize
}

proptest! {
    #[test]
    fn agrees_with_petgraph(edges in edges(60)) {
        let (ours, theirs) = (graph(&edges), petgraph(&edges));
        prop_assert_eq!(ours.validate(), Ok(()));
        prop_assert_eq!(ours.roots(), externals(&theirs, Direction::Incoming));
        prop_assert_eq!(ours.leaves(), externals(&theirs, Direction::Outgoing));
        prop_assert_eq!(ours.depth(), longest_path(&theirs));
        prop_assert_eq!(ours.edges().len(), theirs.edge_count());

        let order = ours.topological_order();
        prop_assert_eq!(order.len(), theirs.node_count());
        let place = |name: &str| order.iter().position(|other| *other == name);
        for edge in theirs.edge_indices() {
            let (from, to) = theirs.edge_endpoints(edge).unwrap();
            prop_assert!(place(&theirs[from]) < place(&theirs[to]));
        }

        let plan = ours.plan();
        prop_assert_eq!(plan.critical_path.len(), ours.depth());
        prop_assert_eq!(plan.waves.len(), ours.depth());
        for pair in plan.critical_path.windows(2) {
            prop_assert!(ours.edges().iter().any(|edge| edge.from == pair[0] && edge.to == pair[1]));
        }
    }

    #[test]
    fn the_width_is_that_of_the_largest_antichain(edges in edges(12)) {
        prop_assert_eq!(graph(&edges).width(), largest_antichain(&petgraph(&edges)));
    }

    #[test]
    fn the_fingerprint_knows_no_order_of_declaration(edges in edges(30)) {
        // Nodes by level instead of by declaration: another topological order of the same graph.
        let ours = graph(&edges);
        let levels = shape::levels(ours.spec().scope);
        let mut order: Vec<usize> = (0..edges.len()).collect();
        order.sort_by_key(|&node| (levels[node], std::cmp::Reverse(node)));
        let place = |old: &usize| order.iter().position(|other| other == old).unwrap();
        let moved = |list: &'static [usize]| {
            let mut list: Vec<usize> = list.iter().map(place).collect();
            list.sort_unstable();
            &*list.leak()
        };
        let nodes: Vec<NodeSpec> = order
            .iter()
            .map(|&old| ours.spec().scope.nodes[old])
            .map(|node| NodeSpec { reads: moved(node.reads), after: moved(node.after), ..node })
            .collect();
        let result = moved(ours.spec().scope.result);
        let scope = Box::leak(Box::new(ScopeSpec { nodes: nodes.leak(), result }));
        let reordered = Graph::of(Box::leak(Box::new(WorkflowSpec::new("Random", scope))));
        prop_assert_eq!(reordered.validate(), Ok(()));
        prop_assert_eq!(reordered.fingerprint(), ours.fingerprint());
    }
}

#[test]
fn a_thousand_nodes_have_a_width() {
    // Layers of twenty, each node reading the three nearest of the layer before.
    let edges = (0..1000)
        .map(|node: usize| {
            let (layer, column) = (node / 20, node % 20);
            let reads = (column.saturating_sub(1)..(column + 2).min(20))
                .map(|column| (layer.saturating_sub(1)) * 20 + column);
            (
                if layer == 0 {
                    Vec::new()
                } else {
                    reads.collect()
                },
                Vec::new(),
            )
        })
        .collect();
    let graph = graph(&edges);
    assert_eq!(
        (graph.depth(), graph.roots().len(), graph.leaves().len()),
        (50, 20, 20)
    );
    assert_eq!(graph.width(), 20);
}
