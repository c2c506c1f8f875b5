//! Plans written by hand, as `workflow!` would build them.

use std::time::Duration;

use crate::plan::{
    ArmSpec, Callee, NodeKind, NodeSpec, ParamSpec, Rule, ScopeSpec, StepSpec, Tolerance,
    WorkflowSpec,
};
use crate::policy::{CachePolicy, Policies, RateLimit};

const NONE: Policies = Policies::NONE;

const FETCH_RATES: StepSpec = StepSpec {
    description: "Spot rates of a trading day.",
    policies: Policies {
        retries: Some(3),
        cache: Some(CachePolicy {
            ttl: Some(Duration::from_secs(600)),
            tags: &[],
        }),
        ..NONE
    },
    params: &[ParamSpec {
        name: "day",
        ty: "Date",
    }],
    output: "Rates",
    version: "1",
    ..StepSpec::new("fetch-rates")
};
const LAST_KNOWN_RATES: StepSpec = StepSpec::new("last-known-rates");
const RESERVE_STOCK: StepSpec = StepSpec {
    policies: Policies {
        retries: Some(5),
        timeout: Some(Duration::from_secs(10)),
        rate_limit: Some(RateLimit {
            permits: 50,
            period: Duration::from_secs(1),
            burst: 1,
            name: None,
        }),
        ..NONE
    },
    ..StepSpec::new("reserve-stock")
};
const PRICE: StepSpec = StepSpec::new("price");
const CHARGE_CARD: StepSpec = StepSpec::new("charge-card");
const PACK: StepSpec = StepSpec::new("pack");
const COURIER_LABEL: StepSpec = StepSpec::new("courier-label");
const POST_LABEL: StepSpec = StepSpec::new("post-label");
const RELEASE_LOCK: StepSpec = StepSpec::new("release-lock");
const SHIP: StepSpec = StepSpec::new("ship");

/// A node that calls the step of its own name.
const fn call(name: &'static str, callees: &'static [Callee], reads: &'static [usize]) -> NodeSpec {
    NodeSpec {
        reads,
        ..NodeSpec::new(name, NodeKind::Call(callees))
    }
}

/// The workflow of the guide, with a `for`, an `if` and a `finally`.
pub(in crate::graph) static CHECKOUT: WorkflowSpec = WorkflowSpec {
    module: "shop::checkout",
    description: "Prices an order, charges the card and ships it.",
    version: "1.2.0",
    owner: "payments",
    inputs: &[ParamSpec {
        name: "order",
        ty: "Order",
    }],
    output: "Receipt",
    error: "CheckoutError",
    deadline: Some(Duration::from_secs(600)),
    svg: "<svg></svg>",
    ..WorkflowSpec::new(
        "Checkout",
        &ScopeSpec {
            nodes: CHECKOUT_NODES,
            result: &[7],
        },
    )
};

const CHECKOUT_NODES: &[NodeSpec] = &[
    call(
        "rates",
        &[Callee::Step(&FETCH_RATES), Callee::Step(&LAST_KNOWN_RATES)],
        &[],
    ),
    call("stock", &[Callee::Step(&RESERVE_STOCK)], &[]),
    call("quote", &[Callee::Step(&PRICE)], &[0]),
    NodeSpec {
        after: &[1],
        ..call("charge", &[Callee::Step(&CHARGE_CARD)], &[2])
    },
    NodeSpec {
        reads: &[1],
        ..NodeSpec::new("parcels", PARCELS)
    },
    NodeSpec::new("label", LABEL),
    NodeSpec {
        finally: true,
        ..call("release-lock", &[Callee::Step(&RELEASE_LOCK)], &[])
    },
    call("ship", &[Callee::Step(&SHIP)], &[3, 5]),
];

const PARCELS: NodeKind = NodeKind::For {
    body: &ScopeSpec {
        nodes: &[call("pack", &[Callee::Step(&PACK)], &[])],
        result: &[0],
    },
    concurrency: Some(16),
    tolerate: Some(Tolerance::PerMillion(50_000)),
};

const LABEL: NodeKind = NodeKind::Branch {
    arms: &[
        ArmSpec {
            label: "order.express",
            reads: &[4],
            body: &ScopeSpec {
                nodes: &[call("courier-label", &[Callee::Step(&COURIER_LABEL)], &[])],
                result: &[0],
            },
        },
        ArmSpec {
            label: "else",
            reads: &[4],
            body: &ScopeSpec {
                nodes: &[call("post-label", &[Callee::Step(&POST_LABEL)], &[])],
                result: &[0],
            },
        },
    ],
    partial: false,
};

const A: StepSpec = StepSpec::new("a");
const B: StepSpec = StepSpec::new("b");
const C: StepSpec = StepSpec::new("c");
const D: StepSpec = StepSpec::new("d");

const A_CALL: &[Callee] = &[Callee::Step(&A)];
const B_CALL: &[Callee] = &[Callee::Step(&B)];
const C_CALL: &[Callee] = &[Callee::Step(&C)];
const D_CALL: &[Callee] = &[Callee::Step(&D)];

/// `b` and `c` between `a` and `d`.
pub(in crate::graph) static DIAMOND: WorkflowSpec = WorkflowSpec::new(
    "Diamond",
    &ScopeSpec {
        nodes: &[
            call("a", A_CALL, &[]),
            call("b", B_CALL, &[0]),
            call("c", C_CALL, &[0]),
            call("d", D_CALL, &[1, 2]),
        ],
        result: &[3],
    },
);

/// The same diamond with `b` and `c` declared the other way round, and other policies.
pub(in crate::graph) static DIAMOND_REORDERED: WorkflowSpec = WorkflowSpec {
    version: "2",
    description: "Another text.",
    ..WorkflowSpec::new(
        "Diamond",
        &ScopeSpec {
            nodes: &[
                NodeSpec {
                    policies: Policies {
                        retries: Some(9),
                        ..NONE
                    },
                    ..call("a", A_CALL, &[])
                },
                call("c", C_CALL, &[0]),
                call("b", B_CALL, &[0]),
                call("d", D_CALL, &[1, 2]),
            ],
            result: &[3],
        },
    )
};

/// `c` reads `a` and `b`, `d` reads `b` alone.
pub(in crate::graph) static N_SHAPE: WorkflowSpec = WorkflowSpec::new(
    "NShape",
    &ScopeSpec {
        nodes: &[
            call("a", A_CALL, &[]),
            call("b", B_CALL, &[]),
            call("c", C_CALL, &[0, 1]),
            call("d", D_CALL, &[1]),
        ],
        result: &[2, 3],
    },
);

/// A loop in a loop, a repetition, a sub-workflow, rules, an arm without nodes, and names that want escaping.
pub(in crate::graph) static NESTED: WorkflowSpec = WorkflowSpec {
    owner: "data",
    contact: "data@example.org",
    docs: "https://example.org/nested",
    deprecated: Some("use Flat"),
    ..WorkflowSpec::new(
        "Nested",
        &ScopeSpec {
            nodes: NESTED_NODES,
            result: &[2, 4],
        },
    )
};

const NESTED_NODES: &[NodeSpec] = &[
    NodeSpec::new("rows", ROWS),
    NodeSpec::new(
        "answer",
        NodeKind::Repeat {
            callee: Callee::Step(&D),
            max: 20,
            every: Some(Duration::from_secs(30)),
        },
    ),
    NodeSpec {
        optional: true,
        handled: true,
        policies: Policies {
            timeout: Some(Duration::from_secs(5)),
            ..NONE
        },
        ..call("audit", &[Callee::Workflow(|| &DIAMOND)], &[0])
    },
    NodeSpec {
        rule: Rule::OneFailed,
        ..call("say \"<hi>\" & #1", C_CALL, &[0, 1])
    },
    NodeSpec {
        reads: &[1],
        ..NodeSpec::new("maybe", MAYBE)
    },
    NodeSpec {
        finally: true,
        ..call("clean", A_CALL, &[0, 4])
    },
];

const ROWS: NodeKind = NodeKind::For {
    body: &ScopeSpec {
        nodes: &[
            call("a", A_CALL, &[]),
            NodeSpec {
                reads: &[0],
                ..NodeSpec::new("cells", CELLS)
            },
        ],
        result: &[1],
    },
    concurrency: None,
    tolerate: None,
};

const CELLS: NodeKind = NodeKind::For {
    body: &ScopeSpec {
        nodes: &[call("b", B_CALL, &[]), call("c", C_CALL, &[0])],
        result: &[1],
    },
    concurrency: None,
    tolerate: Some(Tolerance::Items(1)),
};

const MAYBE: NodeKind = NodeKind::Branch {
    arms: &[
        ArmSpec {
            label: "Some(x) if x > \"1\"",
            reads: &[2],
            body: &ScopeSpec {
                nodes: &[call("b", B_CALL, &[])],
                result: &[0],
            },
        },
        ArmSpec {
            label: "None",
            reads: &[],
            body: &ScopeSpec {
                nodes: &[],
                result: &[],
            },
        },
    ],
    partial: true,
};
