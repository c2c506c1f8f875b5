mod independent;
mod pictures;
pub(super) mod specs;

use self::specs::{CHECKOUT, DIAMOND, DIAMOND_REORDERED, N_SHAPE, NESTED};
use super::*;
use crate::plan::{Callee, NodeKind, NodeSpec, Rule, ScopeSpec, StepSpec};

#[test]
fn a_diamond() {
    let graph = Graph::of(&DIAMOND);
    assert_eq!(graph.topological_order(), ["a", "b", "c", "d"]);
    assert_eq!((graph.roots(), graph.leaves()), (vec!["a"], vec!["d"]));
    assert_eq!((graph.depth(), graph.width()), (3, 2));
    let edge = |from, to| Edge {
        from,
        to,
        kind: EdgeKind::Data,
    };
    assert_eq!(
        graph.edges(),
        [
            edge("a", "b"),
            edge("a", "c"),
            edge("b", "d"),
            edge("c", "d")
        ]
    );
}

#[test]
fn an_n_shape() {
    let graph = Graph::of(&N_SHAPE);
    assert_eq!(graph.roots(), ["a", "b"]);
    assert_eq!(graph.leaves(), ["c", "d"]);
    assert_eq!((graph.depth(), graph.width()), (2, 2));
}

#[test]
fn the_checkout() {
    let graph = Graph::of(&CHECKOUT);
    assert_eq!(graph.nodes().count(), 8);
    assert_eq!(graph.roots(), ["rates", "stock"]);
    assert_eq!(graph.leaves(), ["ship"]);
    assert_eq!(graph.topological_order().last(), Some(&"release-lock"));
    assert_eq!((graph.depth(), graph.width()), (4, 2));
    assert_eq!(graph.scope().result(), ["ship"]);

    let charge = graph.node("charge").unwrap();
    assert_eq!(
        (charge.reads(), charge.after()),
        (vec!["quote"], vec!["stock"])
    );
    let rates = graph.node("rates").unwrap();
    assert_eq!(rates.summary(), "fetch-rates or else last-known-rates");
    assert_eq!(rates.description(), "Spot rates of a trading day.");
    assert_eq!(rates.policies().retries, Some(3));
    assert_eq!(graph.node("label").unwrap().reads(), ["parcels"]);
}

#[test]
fn nodes_inside_nodes_have_paths() {
    let checkout = Graph::of(&CHECKOUT);
    assert_eq!(
        checkout.node("parcels/pack").unwrap().path(),
        "parcels/pack"
    );
    assert_eq!(checkout.node("label/post-label").unwrap().kind(), "step");
    assert!(checkout.node("parcels/ship").is_none());
    assert!(checkout.node("pack").is_none());

    let nested = Graph::of(&NESTED);
    assert_eq!(nested.node("rows/cells/c").unwrap().reads(), ["b"]);
    let labels: Vec<_> = nested
        .node("maybe")
        .unwrap()
        .scopes()
        .iter()
        .map(Scope::label)
        .collect();
    assert_eq!(labels, ["Some(x) if x > \"1\"", "None"]);
}

#[test]
fn a_node_says_what_it_is() {
    let graph = Graph::of(&NESTED);
    let kinds: Vec<_> = graph
        .nodes()
        .map(|node| (node.kind(), node.summary()))
        .collect();
    let expected = [
        ("for", "for each item"),
        ("repeat", "d at most 20 times every 30s"),
        ("workflow", "Diamond"),
        ("step", "c"),
        ("branch", "one of 2 or none"),
        ("step", "a"),
    ];
    assert_eq!(
        kinds,
        expected.map(|(kind, summary)| (kind, summary.to_owned()))
    );
    let audit = graph.node("audit").unwrap();
    assert_eq!(
        audit.calls().next().unwrap().workflow().unwrap().name(),
        "Diamond"
    );
    assert_eq!(audit.policies().to_string(), "timeout 5s");
    assert!(audit.is_optional() && !audit.is_finally());
}

#[test]
fn a_rule_reads_outcomes() {
    let edges = Graph::of(&NESTED).edges();
    let kind = |from, to| {
        edges
            .iter()
            .find(|edge| edge.from == from && edge.to == to)
            .map(|edge| edge.kind)
    };
    assert_eq!(kind("rows", "audit"), Some(EdgeKind::Data));
    assert_eq!(kind("rows", "say \"<hi>\" & #1"), Some(EdgeKind::Outcome));
    assert_eq!(kind("maybe", "clean"), Some(EdgeKind::Outcome));
    assert_eq!(
        kind("audit", "maybe"),
        Some(EdgeKind::Data),
        "what an arm names is an edge too"
    );
}

#[test]
fn finally_nodes_stand_outside() {
    let graph = Graph::of(&NESTED);
    assert_eq!(graph.roots(), ["rows", "answer"]);
    assert_eq!(graph.leaves(), ["say \"<hi>\" & #1", "maybe"]);
    assert_eq!(graph.depth(), 3);
}

#[test]
fn the_fingerprint_is_structural() {
    let print = |spec| Graph::of(spec).fingerprint();
    assert_eq!(print(&DIAMOND), print(&DIAMOND_REORDERED));
    assert_ne!(print(&DIAMOND), print(&N_SHAPE));

    let renamed = WorkflowSpec::new("Other", DIAMOND.scope);
    assert_ne!(print(&DIAMOND), print(Box::leak(Box::new(renamed))));
    type Change = fn(&mut Vec<NodeSpec>);
    let changes: [Change; 9] = [
        |nodes| nodes[1].name = "e",
        |nodes| nodes[1].rule = Rule::AllDone,
        |nodes| nodes[1].finally = true,
        |nodes| nodes[1].optional = true,
        |nodes| nodes[1].transient = true,
        |nodes| nodes[3].reads = &[1],
        |nodes| nodes[3].after = &[0],
        |nodes| nodes[1].kind = nodes[2].kind,
        |nodes| {
            let NodeKind::Call([callee]) = nodes[1].kind else {
                unreachable!()
            };
            nodes[1].kind = NodeKind::Repeat {
                callee: *callee,
                max: 1,
                every: None,
            };
        },
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut nodes = DIAMOND.scope.nodes.to_vec();
        change(&mut nodes);
        let scope = Box::leak(Box::new(ScopeSpec {
            nodes: nodes.leak(),
            result: &[3],
        }));
        let changed = Box::leak(Box::new(WorkflowSpec::new("Diamond", scope)));
        assert_ne!(print(&DIAMOND), print(changed), "change {index}");
    }
}

#[test]
fn a_good_plan_has_no_problems() {
    for spec in [&CHECKOUT, &DIAMOND, &N_SHAPE, &NESTED] {
        assert_eq!(Graph::of(spec).validate(), Ok(()));
    }
}

#[test]
fn every_problem_is_listed() {
    const STEP: StepSpec = StepSpec::new("step");
    const CALL: NodeKind = NodeKind::Call(&[Callee::Step(&STEP)]);
    const fn node(name: &'static str, reads: &'static [usize]) -> NodeSpec {
        NodeSpec {
            reads,
            ..NodeSpec::new(name, CALL)
        }
    }
    const BODY: ScopeSpec = ScopeSpec {
        nodes: &[node("x", &[1]), node("y", &[0])],
        result: &[2],
    };
    const SCOPE: ScopeSpec = ScopeSpec {
        nodes: &[
            node("", &[]),
            node("a/b", &[1]),
            node("twin", &[7]),
            node("twin", &[1, 0]),
            NodeSpec {
                finally: true,
                ..node("last", &[0])
            },
            NodeSpec {
                after: &[4],
                ..node("late", &[])
            },
            NodeSpec::new("idle", NodeKind::Call(&[])),
            NodeSpec::new(
                "choice",
                NodeKind::Branch {
                    arms: &[],
                    partial: true,
                },
            ),
            NodeSpec::new(
                "loop",
                NodeKind::For {
                    body: &BODY,
                    concurrency: None,
                    tolerate: None,
                },
            ),
        ],
        result: &[9],
    };
    let error = validate(&SCOPE).unwrap_err();
    let lines: Vec<String> = error.problems().iter().map(Problem::to_string).collect();
    assert_eq!(
        lines,
        [
            "node `#0` has a name that is empty or has a `/` or a control character in it",
            "node `a/b` has a name that is empty or has a `/` or a control character in it",
            "node `a/b` waits for itself",
            "node `twin` waits for `choice`, which does not come before it",
            "node `twin` has the name of node 2",
            "node `twin` names what it waits for in an order that does not ascend",
            "node `late` waits for `last`, which is `finally` and waits for all others",
            "node `idle` calls nothing",
            "node `choice` is a branch without arms",
            "node `loop/x` waits for `y`, which does not come before it",
            "the result of `loop` reads node 2, which does not exist",
            "the result reads node 9, which does not exist",
        ]
    );
    assert!(
        error
            .to_string()
            .starts_with("the plan cannot be run: node `#0` has a name")
    );
    assert_eq!(error.code(), "invalid_plan");
}
