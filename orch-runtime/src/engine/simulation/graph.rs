//! Random graphs, as plans with code that works for all of them.

use std::cell::Cell;
use std::time::Duration;

use orch_core::error::AnyError;
use orch_core::plan::{
    ArmSpec, Callee, Checkpoint, NodeKind, NodeSpec, OnExpire, Rule, ScopeSpec, StepSpec,
    WorkflowSpec,
};
use orch_core::policy::{Backoff, Policies};

use super::Random;
use super::world;
use crate::ctx::Cx;
use crate::durable::{Codec, Durable, ErrorCodec};
use crate::engine::frame::Frame;
use crate::program::{
    ArmCode, Items, NodeCode, Program, Restored, ScopeCode, Started, Workflow, open, start,
};
use crate::slots::{Put as _, Slot};
use crate::step::Resource;

/// How long a signal is waited for that comes about then.
pub(super) const RACE: Duration = Duration::from_millis(4_000);

/// The most nodes of a scope.
const MOST: usize = 7;

/// What a step does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Gives,
    /// Its first attempt fails.
    Stumbles,
    Fails,
    Panics,
}

#[derive(Debug)]
pub(super) enum Does {
    Call {
        fate: Fate,
        undone: bool,
        takes: u64,
        decided: Option<Decided>,
    },
    For {
        items: usize,
        body: Scope,
    },
    Branch {
        arm: usize,
        arms: Vec<Scope>,
    },
    /// For so many seconds.
    Sleep(u64),
    Signal(Sent),
}

/// What is decided about a value that waits for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decided {
    Approved,
    Rejected,
    /// Nobody decides in time, which counts as approved.
    Late,
}

/// Whether a signal comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Always,
    /// Its time runs out.
    Never,
    /// It comes about when its time runs out: either may be first.
    Raced,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) reads: &'static [usize],
    pub(super) optional: bool,
    /// Runs however what it reads ended.
    pub(super) all_done: bool,
    /// A node reads it that runs however it ends.
    pub(super) handled: bool,
    pub(super) finally: bool,
    pub(super) does: Does,
}

impl Node {
    /// Whether the result reads it.
    pub(super) fn is_wanted(&self) -> bool {
        !self.finally && (!self.handled || self.optional)
    }
}

pub(super) type Scope = Vec<Node>;

#[derive(Debug)]
pub(super) struct Graph {
    pub(super) nodes: Scope,
}

fn leak<T>(values: Vec<T>) -> &'static [T] {
    values.leak()
}

impl Graph {
    pub(super) fn random(random: &mut Random) -> &'static Self {
        let nodes = scope(random, 2, "n");
        Box::leak(Box::new(Self { nodes }))
    }

    /// The node of this path.
    pub(super) fn find(&self, path: &str) -> &Node {
        fn within<'a>(scope: &'a Scope, path: &str) -> Option<&'a Node> {
            let (name, rest) = path.split_once('/').unwrap_or((path, ""));
            let node = scope.iter().find(|node| node.name == name)?;
            if rest.is_empty() {
                return Some(node);
            }
            match &node.does {
                Does::For { body, .. } => within(body, rest),
                Does::Branch { arms, .. } => arms.iter().find_map(|arm| within(arm, rest)),
                _ => None,
            }
        }
        within(&self.nodes, path).unwrap_or_else(|| panic!("there is no node {path}"))
    }
}

fn scope(random: &mut Random, depth: usize, prefix: &str) -> Scope {
    let most = if depth == 2 { MOST } else { 3 };
    let count = 1 + random.below(most as u64) as usize;
    let nodes = (0..count).map(|idx| {
        let finally = depth == 2 && idx + 1 == count && count > 1 && random.percent(25);
        let reads = (0..idx)
            .filter(|_| !finally && random.percent(40))
            .collect();
        let does = if finally {
            call(random, false)
        } else {
            does(random, depth)
        };
        let reads: &'static [usize] = leak(reads);
        let is_call = matches!(does, Does::Call { .. });
        Node {
            name: format!("{prefix}{idx}").leak(),
            reads,
            all_done: is_call && !reads.is_empty() && random.percent(15),
            handled: false,
            optional: depth == 2 && !finally && random.percent(25),
            finally,
            does,
        }
    });
    let mut nodes: Scope = nodes.collect();
    for idx in 0..nodes.len() {
        let mut later = nodes[idx..].iter();
        nodes[idx].handled = later.any(|node| node.all_done && node.reads.contains(&idx));
    }
    if depth == 2 {
        for node in &mut nodes {
            if let Does::Call { decided, .. } = &mut node.does
                && !node.finally
                && random.percent(15)
            {
                *decided = Some(match random.below(3) {
                    0 => Decided::Approved,
                    1 => Decided::Rejected,
                    _ => Decided::Late,
                });
            }
        }
    }
    nodes
}

fn call(random: &mut Random, may_fail: bool) -> Does {
    let fate = match random.below(100) {
        0..=7 if may_fail => Fate::Fails,
        8..=11 if may_fail => Fate::Panics,
        12..=22 => Fate::Stumbles,
        _ => Fate::Gives,
    };
    Does::Call {
        fate,
        undone: may_fail && random.percent(40),
        takes: random.below(4) * random.below(2_000),
        decided: None,
    }
}

fn does(random: &mut Random, depth: usize) -> Does {
    match random.below(100) {
        0..=9 if depth > 0 => Does::For {
            items: random.below(5) as usize,
            body: scope(random, depth - 1, "b"),
        },
        10..=17 if depth > 0 => {
            let arms = 1 + random.below(3);
            let arms: Vec<Scope> = (0..arms)
                .map(|arm| scope(random, depth - 1, &format!("a{arm}x")))
                .collect();
            Does::Branch {
                arm: random.below(arms.len() as u64) as usize,
                arms,
            }
        }
        18..=23 => Does::Sleep(random.below(4_000)),
        24..=30 if depth == 2 => Does::Signal(match random.below(10) {
            0..=4 => Sent::Always,
            5..=7 => Sent::Never,
            _ => Sent::Raced,
        }),
        _ => call(random, true),
    }
}

static UNDO: StepSpec = StepSpec {
    asynchronous: true,
    ..StepSpec::new("undo")
};
static PLAIN: StepSpec = StepSpec {
    asynchronous: true,
    fallible: true,
    ..StepSpec::new("plain")
};
static UNDONE: StepSpec = StepSpec {
    compensation: Some(&UNDO),
    ..StepSpec {
        asynchronous: true,
        fallible: true,
        ..StepSpec::new("undone")
    }
};

fn spec_of(scope: &Scope) -> &'static ScopeSpec {
    let nodes = scope.iter().map(|node| {
        let kind = match &node.does {
            Does::Call { undone, .. } => {
                let step = if *undone { &UNDONE } else { &PLAIN };
                NodeKind::Call(leak(vec![Callee::Step(step)]))
            }
            Does::For { items, body } => NodeKind::For {
                body: spec_of(body),
                concurrency: (*items > 2).then_some(2),
                tolerate: None,
            },
            Does::Branch { arms, .. } => {
                let arms = arms.iter().map(|arm| ArmSpec {
                    label: "arm",
                    reads: &[],
                    body: spec_of(arm),
                });
                NodeKind::Branch {
                    arms: leak(arms.collect()),
                    partial: false,
                }
            }
            Does::Sleep(seconds) => NodeKind::Sleep {
                length: Some(Duration::from_secs(*seconds)),
            },
            Does::Signal(sent) => NodeKind::Signal {
                carries: "u64",
                timeout: match sent {
                    Sent::Always => None,
                    Sent::Never => Some(Duration::from_secs(500)),
                    Sent::Raced => Some(RACE),
                },
            },
        };
        let policies = match node.does {
            Does::Call {
                fate: Fate::Stumbles,
                ..
            } => Policies {
                retries: Some(1),
                backoff: Some(Backoff::DEFAULT),
                ..Policies::NONE
            },
            _ => Policies::NONE,
        };
        NodeSpec {
            reads: node.reads,
            optional: node.optional,
            handled: node.optional || node.handled,
            rule: if node.all_done {
                Rule::AllDone
            } else {
                Rule::AllSuccess
            },
            finally: node.finally,
            checkpoint: match node.does {
                Does::Call {
                    decided: Some(decided),
                    ..
                } => Some(Checkpoint {
                    expires: (decided == Decided::Late).then_some(Duration::from_secs(5)),
                    on_expire: OnExpire::Approve,
                    ..Checkpoint::ANYBODY
                }),
                _ => None,
            },
            policies,
            ..NodeSpec::new(node.name, kind)
        }
    });
    let results = scope.iter().enumerate();
    let results = results.filter(|(_, node)| node.is_wanted());
    Box::leak(Box::new(ScopeSpec {
        nodes: leak(nodes.collect()),
        result: leak(results.map(|(idx, _)| idx).collect()),
    }))
}

fn code_of(scope: &Scope, spec: &'static ScopeSpec) -> ScopeCode {
    let nodes = scope.iter().zip(spec.nodes);
    let nodes = nodes.map(|(node, spec)| match (&node.does, &spec.kind) {
        (Does::For { body, .. }, NodeKind::For { body: spec, .. }) => NodeCode::For {
            head: |cx| match &node_of(cx).does {
                Does::For { items, .. } => *items,
                _ => 0,
            },
            open: open::<Values>,
            collect: gather,
            given: false,
            key: Some(|cx| Ok(format!("{:?}", cx.ctx().items()))),
            body: Box::leak(Box::new(code_of(body, spec))),
        },
        (Does::Branch { arms, .. }, NodeKind::Branch { arms: specs, .. }) => {
            let arms = arms.iter().zip(*specs).map(|(arm, spec)| ArmCode {
                open: open::<Values>,
                body: code_of(arm, spec.body),
            });
            NodeCode::Branch {
                head: |cx| match &node_of(cx).does {
                    Does::Branch { arm, .. } => Some(*arm),
                    _ => None,
                },
                close: |cx, _| {
                    let (_, node) = cx.ctx().frame().parent().unwrap();
                    let total = cx.up::<Values>(0).total(cx.ctx().frame());
                    put(cx.up::<Values>(1), node, total);
                },
                arms: leak(arms.collect()),
            }
        }
        (Does::Sleep(_), _) => NodeCode::Sleep(|cx| match node_of(cx).does {
            Does::Sleep(seconds) => Duration::from_secs(seconds),
            _ => Duration::ZERO,
        }),
        (Does::Signal(_), _) => NodeCode::Signal(|cx, json| {
            let value = json.map(u64::decode).transpose()?;
            put(
                cx.up::<Values>(0),
                cx.ctx().node_index(),
                value.unwrap_or(0),
            );
            Ok(())
        }),
        _ => NodeCode::Recorded(call_of, restore),
    });
    ScopeCode {
        spec,
        nodes: leak(nodes.collect()),
    }
}

fn node_of(cx: &Cx) -> &'static Node {
    PROGRAM.get().unwrap().0.find(cx.ctx().node())
}

fn gather(cx: &Cx, items: &Items<'_>) {
    let value = |item: &Cx| item.up::<Values>(0).total(item.ctx().frame());
    if let Some(values) = items.gather(value) {
        let total = values.whole::<u64>().into_iter().sum();
        put(cx.up::<Values>(0), cx.ctx().node_index(), total);
    }
}

fn put(values: &Values, node: usize, value: u64) {
    (&values.0[node]).put(value);
}

fn restore(cx: &Cx, json: &str) -> Restored {
    put(
        cx.up::<Values>(0),
        cx.ctx().node_index(),
        u64::decode(json)?,
    );
    Ok(())
}

/// Any step's call.
fn call_of(cx: Cx) -> Started {
    start(true, async move {
        let node = node_of(&cx);
        let values = cx.up::<Values>(0);
        let read = node.reads.iter().map(|idx| values.get(*idx)).sum();
        let given = world::called(cx.ctx(), node, read).await?;
        let Some(value) = given else {
            return Ok(crate::program::Done::Value);
        };
        if !cx.withholds() {
            put(values, cx.ctx().node_index(), value);
        }
        Ok(crate::program::Done::Value.keeping(value.to_string()))
    })
}

/// The values of a scope's nodes.
#[derive(Debug, Default)]
pub(super) struct Values([Slot<u64>; MOST]);

impl Values {
    fn get(&self, node: usize) -> u64 {
        self.0[node].peek().copied().unwrap_or(0)
    }

    fn total(&self, frame: &Frame) -> u64 {
        let result = frame.layout.code.spec.result;
        result.iter().map(|node| self.get(*node)).sum()
    }
}

thread_local! {
    /// The graph that is simulated on this thread.
    static PROGRAM: Cell<Option<(&'static Graph, &'static Program)>> = const { Cell::new(None) };
}

/// Lets [`Simulated`] be this graph, on this thread.
pub(super) fn install(graph: &'static Graph) {
    let scope = spec_of(&graph.nodes);
    let spec = WorkflowSpec {
        scope,
        ..Simulated::SPEC
    };
    let code = code_of(&graph.nodes, scope);
    let program = Program::new(Box::leak(Box::new(spec)), code);
    PROGRAM.set(Some((graph, Box::leak(Box::new(program)))));
}

/// The workflow of the graph that was installed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Simulated;

impl Workflow for Simulated {
    type Input = ();
    type Output = u64;
    type Error = AnyError;
    type Slots = Values;

    const SPEC: WorkflowSpec = WorkflowSpec {
        durable: true,
        version: "1",
        ..WorkflowSpec::durable(
            "Simulated",
            &ScopeSpec {
                nodes: &[],
                result: &[],
            },
        )
    };

    fn needs(_: &mut Vec<Resource>) {}

    fn program() -> &'static Program {
        PROGRAM.get().unwrap().1
    }

    fn open((): ()) -> Values {
        Values::default()
    }

    fn finish(cx: &Cx) -> u64 {
        cx.up::<Values>(0).total(cx.ctx().frame())
    }

    fn codec() -> Option<Codec<Self>> {
        Some(Codec {
            encode_input: |()| <()>::encode(&()),
            decode_input: <()>::decode,
            encode_output: |value| value.encode(),
            decode_output: u64::decode,
            errors: ErrorCodec {
                encode: |_| None,
                decode: |_| None,
            },
        })
    }
}
