//! Scopes and runs in words, so that a test is a row of text.

use crate::plan::{ArmSpec, NodeKind, NodeSpec, Rule, ScopeSpec};
use crate::schedule::{Command, Event, Schedule, Status, Stop, Wiring};

const EMPTY: ScopeSpec = ScopeSpec {
    nodes: &[],
    result: &[],
};

pub(super) fn leak<T>(items: Vec<T>) -> &'static [T] {
    Vec::leak(items)
}

pub(super) fn scope(nodes: Vec<NodeSpec>) -> &'static ScopeSpec {
    Box::leak(Box::new(ScopeSpec {
        nodes: leak(nodes),
        result: &[],
    }))
}

pub(super) fn arm(reads: Vec<usize>) -> ArmSpec {
    ArmSpec {
        label: "",
        reads: leak(reads),
        body: &EMPTY,
    }
}

pub(super) const CALL: NodeKind = NodeKind::Call(&[]);

pub(super) fn branch(arms: Vec<ArmSpec>) -> NodeKind {
    NodeKind::Branch {
        arms: leak(arms),
        partial: true,
    }
}

/// A scope: nodes between semicolons, each a name, the nodes it reads in parentheses, and words:
/// `after:a,b`, a rule's name, `finally`, `optional`, `outcome`, `handled`, `if:a,b|c` for a branch and what its arms name.
pub(super) fn parse(text: &str) -> &'static ScopeSpec {
    let mut nodes: Vec<NodeSpec> = Vec::new();
    for line in text.split(';').map(str::trim) {
        let mut words = line.split_whitespace();
        let (name, reads) = split(words.next().unwrap(), '(');
        let idx = |names: &str| {
            let names = names.split(',').filter(|name| !name.is_empty());
            let found = names.map(|name| position(&nodes, name)).collect();
            leak::<usize>(found)
        };
        let mut node = NodeSpec::new(Box::leak(name.into()), CALL);
        node.reads = idx(reads.trim_end_matches(')'));
        for word in words {
            match split(word, ':') {
                ("after", names) => node.after = idx(names),
                ("if", arms) => {
                    node.kind = branch(
                        arms.split('|')
                            .map(|names| arm(idx(names).into()))
                            .collect(),
                    );
                }
                ("finally", _) => node.finally = true,
                ("optional", _) => node.optional = true,
                ("outcome", _) => node.outcome = true,
                ("handled", _) => node.handled = true,
                (word, _) => {
                    let mut rules = Rule::ALL.into_iter();
                    node.rule = rules.find(|rule| rule.as_str() == word).expect(word);
                }
            }
        }
        nodes.push(node);
    }
    scope(nodes)
}

fn split(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

fn position(nodes: &[NodeSpec], name: &str) -> usize {
    nodes.iter().position(|node| node.name == name).expect(name)
}

/// A run so far.
pub(super) struct Told {
    scope: &'static ScopeSpec,
    wiring: Wiring,
    schedule: Schedule,
    commands: Vec<Command>,
}

impl Told {
    pub(super) fn begin(text: &str) -> Self {
        let scope = parse(text);
        let wiring = Wiring::new(scope);
        let schedule = Schedule::new(&wiring);
        let mut told = Self {
            scope,
            wiring,
            schedule,
            commands: Vec::new(),
        };
        told.on(Event::Begin);
        told
    }

    pub(super) fn on(&mut self, event: Event) {
        self.schedule.on(&self.wiring, event, &mut self.commands);
    }

    /// Tells what happened: `a failed`, `c 1` or `c none` of a branch's choice, `! failing` or `! cancelled` of a stop.
    pub(super) fn tell(&mut self, events: &str) {
        for event in events
            .split(';')
            .map(str::trim)
            .filter(|event| !event.is_empty())
        {
            let (name, what) = split(event, ' ');
            let node = || position(self.scope.nodes, name);
            self.on(match (name, what) {
                ("!", "failing") => Event::Stop(Stop::Failing),
                ("!", _) => Event::Stop(Stop::Cancelled),
                (_, "done") => Event::Ended(node(), Status::Done),
                (_, "failed") => Event::Ended(node(), Status::Failed),
                (_, "cancelled") => Event::Ended(node(), Status::Cancelled),
                (_, "none") => Event::Chose(node(), None),
                (_, arm) => Event::Chose(node(), Some(arm.parse().unwrap())),
            });
        }
    }

    pub(super) fn status(&self, name: &str) -> Status {
        self.schedule.status(position(self.scope.nodes, name))
    }

    /// How all nodes stand.
    pub(super) fn standing(&self) -> String {
        let nodes = self.scope.nodes.iter().enumerate();
        let each = nodes
            .map(|(idx, node)| format!("{} {}", node.name, self.schedule.status(idx).as_str()));
        each.collect::<Vec<_>>().join("; ")
    }

    /// What was commanded since it was last asked for.
    pub(super) fn commanded(&mut self) -> String {
        let name = |node: usize| self.scope.nodes[node].name;
        let each = self.commands.drain(..).map(|command| match command {
            Command::Start(node) => format!("start {}", name(node)),
            Command::StartArm(node, arm) => format!("start {}/{arm}", name(node)),
            Command::Ended(node, status) => format!("{} {}", name(node), status.as_str()),
            Command::Undo => "undo".to_owned(),
            Command::Finish => "finish".to_owned(),
        });
        each.collect::<Vec<_>>().join("; ")
    }
}
