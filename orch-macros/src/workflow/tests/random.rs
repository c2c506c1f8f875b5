//! Random workflows as source text, with the graph that the macro should find in them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use proptest::prelude::*;

/// A workflow's text, and what is true of its graph.
#[derive(Debug)]
pub(super) struct Workflow {
    pub(super) text: String,
    /// In the order in which the macro enters them: the outermost first, each before what follows it.
    pub(super) scopes: Vec<Scope>,
}

#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) equations: Vec<Equation>,
    /// From the one that reads or waits to the one that is read or waited for.
    pub(super) edges: BTreeSet<(usize, usize)>,
    parent: Option<(usize, usize)>,
}

#[derive(Debug)]
pub(super) struct Equation {
    pub(super) name: String,
    pub(super) is_node: bool,
    /// Where it is in the text; nowhere for the step call in a head, which the equation after it holds.
    pub(super) at: Range<usize>,
    /// Where an acyclic workflow has it: it reads only what ranks below it.
    rank: Option<u16>,
    head: BTreeSet<usize>,
    arms: Vec<BTreeSet<usize>>,
}

impl Equation {
    /// What each arm reads and the head does not.
    pub(super) fn only_arms(&self) -> Vec<BTreeSet<usize>> {
        let beside = |arm: &BTreeSet<usize>| arm.difference(&self.head).copied().collect();
        self.arms.iter().map(beside).collect()
    }
}

/// An equation before it has a name: what it reads is resolved when the text is written.
#[derive(Debug, Clone)]
struct Seed {
    form: Form,
    reads: Vec<Pick>,
    after: Vec<u16>,
    rank: u16,
}

#[derive(Debug, Clone)]
enum Form {
    Call,
    View,
    For { lifted: bool, body: Body },
    If { lifted: bool, arms: Vec<Body> },
    Match { lifted: bool, arms: Vec<Body> },
}

#[derive(Debug, Clone)]
struct Body {
    equations: Vec<Seed>,
    tail: Vec<Pick>,
}

/// A name that is read: which of those in sight, and how it is written.
#[derive(Debug, Clone, Copy)]
struct Pick {
    which: u16,
    style: u8,
}

/// Workflows with bodies and arms in bodies and arms; every other one has no cycle.
pub(super) fn workflows() -> impl Strategy<Value = Workflow> {
    (body(seed(2), 9), any::<bool>()).prop_map(|(body, acyclic)| {
        let mut writer = Writer {
            text: "W(input: u32) -> u32 {\n".to_owned(),
            scopes: Vec::new(),
            names: 0,
            acyclic,
        };
        writer.scope(&body, None);
        writer.text.push_str("}\n");
        Workflow {
            text: writer.text,
            scopes: writer.scopes,
        }
    })
}

fn pick() -> impl Strategy<Value = Pick> {
    (any::<u16>(), any::<u8>()).prop_map(|(which, style)| Pick { which, style })
}

fn body(seed: impl Strategy<Value = Seed>, most: usize) -> impl Strategy<Value = Body> {
    let equations = prop::collection::vec(seed, 0..=most);
    (equations, prop::collection::vec(pick(), 0..3))
        .prop_map(|(equations, tail)| Body { equations, tail })
}

fn seed(depth: usize) -> BoxedStrategy<Seed> {
    let form = if depth == 0 {
        prop_oneof![3 => Just(Form::Call), 1 => Just(Form::View)].boxed()
    } else {
        let arms = |range| prop::collection::vec(body(seed(depth - 1), 3), range);
        prop_oneof![
            6 => Just(Form::Call),
            2 => Just(Form::View),
            1 => (any::<bool>(), body(seed(depth - 1), 3))
                .prop_map(|(lifted, body)| Form::For { lifted, body }),
            1 => (any::<bool>(), arms(1..3)).prop_map(|(lifted, arms)| Form::If { lifted, arms }),
            1 => (any::<bool>(), arms(1..4)).prop_map(|(lifted, arms)| Form::Match { lifted, arms }),
        ]
        .boxed()
    };
    let reads = prop::collection::vec(pick(), 0..3);
    let after = prop::collection::vec(any::<u16>(), 0..2);
    (form, reads, after, any::<u16>())
        .prop_map(|(form, reads, after, rank)| Seed {
            form,
            reads,
            after,
            rank,
        })
        .boxed()
}

impl Form {
    /// Whether the head is a step call, which is a node of its own.
    fn is_lifted(&self) -> bool {
        match self {
            Self::For { lifted, .. } | Self::If { lifted, .. } | Self::Match { lifted, .. } => {
                *lifted
            }
            Self::Call | Self::View => false,
        }
    }
}

struct Writer {
    text: String,
    scopes: Vec<Scope>,
    names: usize,
    acyclic: bool,
}

/// Who reads: an equation of a scope, or the scope's result.
#[derive(Clone, Copy)]
struct Reader {
    scope: usize,
    equation: Option<usize>,
}

impl Writer {
    fn scope(&mut self, body: &Body, parent: Option<(usize, usize)>) {
        let id = self.scopes.len();
        self.scopes.push(Scope {
            parent,
            ..Scope::default()
        });
        let mut places = Vec::new();
        for seed in &body.equations {
            if seed.form.is_lifted() {
                self.declare(id, seed, "head");
            }
            places.push(self.scopes[id].equations.len());
            self.declare(id, seed, "n");
        }
        for (seed, &place) in body.equations.iter().zip(&places) {
            let start = self.text.len();
            self.equation(id, place, seed);
            self.text.push_str(";\n");
            self.scopes[id].equations[place].at = start..self.text.len();
        }
        let reader = Reader {
            scope: id,
            equation: None,
        };
        let tail = self.expressions(reader, &body.tail);
        let _ = writeln!(self.text, "(0, {tail})");
    }

    fn declare(&mut self, scope: usize, seed: &Seed, kind: &str) {
        let name = format!("{kind}{}", self.names);
        self.names += 1;
        self.scopes[scope].equations.push(Equation {
            name,
            is_node: !matches!(seed.form, Form::View),
            at: 0..0,
            rank: self.acyclic.then_some(seed.rank),
            arms: Vec::new(),
            head: BTreeSet::new(),
        });
    }

    fn equation(&mut self, scope: usize, place: usize, seed: &Seed) {
        let after = self.after(scope, place, seed);
        if !after.is_empty() {
            let _ = write!(self.text, "#[node(after = [{}])] ", after.join(", "));
        }
        let name = self.scopes[scope].equations[place].name.clone();
        let _ = write!(self.text, "{name} = ");
        match &seed.form {
            Form::Call => {
                let reads = self.reads(scope, place, &seed.reads);
                let _ = write!(self.text, "s{name}({reads})");
            }
            Form::View => {
                let reads = self.reads(scope, place, &seed.reads);
                let _ = write!(self.text, "(0, {reads})");
            }
            Form::For { lifted, body } => {
                let head = self.head(scope, place, seed, *lifted);
                let _ = writeln!(self.text, "for item{} in {head} {{", self.names);
                self.scope(body, Some((scope, place)));
                self.text.push('}');
            }
            Form::If { lifted, arms } => {
                let head = self.head(scope, place, seed, *lifted);
                for (idx, arm) in arms.iter().enumerate() {
                    if idx == 0 {
                        let _ = writeln!(self.text, "if {head} {{");
                    } else {
                        self.text.push_str(" else {\n");
                    }
                    self.arm(scope, place, arm);
                }
            }
            Form::Match { lifted, arms } => {
                let head = self.head(scope, place, seed, *lifted);
                let _ = writeln!(self.text, "match {head} {{");
                for (idx, arm) in arms.iter().enumerate() {
                    let _ = writeln!(self.text, "{idx} => {{");
                    self.arm(scope, place, arm);
                }
                self.text.push('}');
            }
        }
    }

    fn arm(&mut self, scope: usize, place: usize, arm: &Body) {
        let arms = &mut self.scopes[scope].equations[place].arms;
        arms.push(BTreeSet::new());
        self.scope(arm, Some((scope, place)));
        self.text.push('}');
    }

    /// The head of a control form: an expression, or a step call, which is a node of its own.
    fn head(&mut self, scope: usize, place: usize, seed: &Seed, lifted: bool) -> String {
        if !lifted {
            let reads = self.reads(scope, place, &seed.reads);
            return format!("[0, {reads}]");
        }
        let reads = self.reads(scope, place - 1, &seed.reads);
        self.edge(scope, place, place - 1);
        self.scopes[scope].equations[place].head.insert(place - 1);
        format!("{}({reads})", self.scopes[scope].equations[place - 1].name)
    }

    fn reads(&mut self, scope: usize, place: usize, picks: &[Pick]) -> String {
        let reader = Reader {
            scope,
            equation: Some(place),
        };
        self.expressions(reader, picks)
    }

    fn expressions(&mut self, reader: Reader, picks: &[Pick]) -> String {
        let mut expressions = Vec::new();
        for pick in picks {
            let seen = self.in_sight(reader);
            if seen.is_empty() {
                expressions.push("input".to_owned());
                continue;
            }
            let (scope, read) = seen[usize::from(pick.which) % seen.len()];
            let name = self.scopes[scope].equations[read].name.clone();
            self.read(reader, scope, read);
            expressions.push(match pick.style % 9 {
                0 => format!("&{name}"),
                1 => format!("{name}.clone()"),
                2 => format!("1 + {name}"),
                3 => format!("(|x| x + {name})(1)"),
                4 => format!("format!(\"{{{name}}} {{}}\", 1)"),
                5 => format!("vec![1, {name}]"),
                6 => format!("{{ let x = {name}; x }}"),
                7 => format!("Point {{ x: {name}, y: 1 }}"),
                _ => name,
            });
        }
        expressions.join(", ")
    }

    /// The equations that a reader may name: those of its scope and of the scopes around it that have names.
    fn in_sight(&self, reader: Reader) -> Vec<(usize, usize)> {
        let mut seen = Vec::new();
        let mut at = Some((reader.scope, reader.equation));
        while let Some((scope, from)) = at {
            let info = &self.scopes[scope];
            let named = (0..info.equations.len()).filter(|read| self.may_read(scope, from, *read));
            seen.extend(named.map(|read| (scope, read)));
            at = info.parent.map(|(scope, form)| (scope, Some(form)));
        }
        seen
    }

    fn may_read(&self, scope: usize, from: Option<usize>, read: usize) -> bool {
        let equations = &self.scopes[scope].equations;
        if equations[read].name.starts_with("head") {
            return false;
        }
        let place = |idx: usize| {
            // A head ranks with its form, just below it.
            (equations[idx].rank, idx)
        };
        from.is_none_or(|from| equations[from].rank.is_none() || place(read) < place(from))
    }

    /// Adds the edge that a use makes: in the scope of what is read, from the form that the reader is inside of.
    fn read(&mut self, reader: Reader, scope: usize, read: usize) {
        let (mut at, mut from, mut arm) = (reader.scope, reader.equation, None);
        while at != scope {
            let (around, form) = self.scopes[at].parent.unwrap();
            // The arm that is being written is the last one.
            arm = self.scopes[around].equations[form]
                .arms
                .len()
                .checked_sub(1);
            (at, from) = (around, Some(form));
        }
        let Some(from) = from else { return };
        self.edge(scope, from, read);
        let equation = &mut self.scopes[scope].equations[from];
        match arm {
            Some(arm) => equation.arms[arm].insert(read),
            None => equation.head.insert(read),
        };
    }

    fn edge(&mut self, scope: usize, from: usize, to: usize) {
        self.scopes[scope].edges.insert((from, to));
    }

    fn after(&mut self, scope: usize, place: usize, seed: &Seed) -> Vec<String> {
        let mut after = Vec::new();
        if !self.scopes[scope].equations[place].is_node {
            return after;
        }
        for pick in &seed.after {
            let equations = &self.scopes[scope].equations;
            let nodes: Vec<usize> = (0..equations.len())
                .filter(|node| equations[*node].is_node)
                .filter(|node| self.may_read(scope, Some(place), *node))
                .collect();
            if nodes.is_empty() {
                continue;
            }
            let named = nodes[usize::from(*pick) % nodes.len()];
            let name = equations[named].name.clone();
            if !after.contains(&name) {
                self.edge(scope, place, named);
                after.push(name);
            }
        }
        after
    }
}
