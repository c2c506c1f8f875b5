//! Random scopes in random runs, against the naive model and against what holds for every run.

use proptest::collection::vec;
use proptest::prelude::*;

use super::model::{Model, named};
use super::notation::{self, CALL, leak};
use crate::plan::{NodeKind, NodeSpec, Rule, ScopeSpec};
use crate::schedule::{Command, Event, Schedule, Status, Stop, Wiring};

/// A node before it is known which come before it.
#[derive(Debug, Clone)]
struct Raw {
    reads: u16,
    after: u16,
    rule: Rule,
    finally: bool,
    optional: bool,
    outcome: bool,
    handled: bool,
    /// What each arm of a branch names; no branch if there is none.
    arms: Vec<u16>,
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![2 => Just(Rule::AllSuccess), 3 => proptest::sample::select(&Rule::ALL[..])]
}

/// Bits of which a quarter is set.
fn few() -> impl Strategy<Value = u16> {
    (any::<u16>(), any::<u16>()).prop_map(|(a, b)| a & b)
}

fn rarely() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.2)
}

fn raw() -> impl Strategy<Value = Raw> {
    let arms = prop_oneof![3 => Just(Vec::new()), 1 => vec(few(), 1..4)];
    (
        few(),
        few(),
        rule(),
        rarely(),
        rarely(),
        rarely(),
        any::<bool>(),
        arms,
    )
        .prop_map(
            |(reads, after, rule, finally, optional, outcome, handled, arms)| Raw {
                reads,
                after,
                rule,
                finally,
                optional,
                outcome,
                handled,
                arms,
            },
        )
}

fn scope() -> impl Strategy<Value = &'static ScopeSpec> {
    vec(raw(), 0..10).prop_map(|raws| build(&raws, |raw| raw.handled))
}

fn build(raws: &[Raw], handled: impl Fn(&Raw) -> bool) -> &'static ScopeSpec {
    let nodes = raws.iter().enumerate().map(|(idx, raw)| {
        let before = |bits: u16| -> Vec<usize> {
            let waits_for =
                |&other: &usize| bits >> other & 1 == 1 && (raw.finally || !raws[other].finally);
            (0..idx).filter(waits_for).collect()
        };
        let kind = if raw.arms.is_empty() {
            CALL
        } else {
            notation::branch(
                raw.arms
                    .iter()
                    .map(|bits| notation::arm(before(*bits)))
                    .collect(),
            )
        };
        NodeSpec {
            reads: leak(before(raw.reads)),
            after: leak(before(raw.after)),
            rule: raw.rule,
            finally: raw.finally,
            optional: raw.optional,
            outcome: raw.outcome,
            handled: handled(raw),
            ..NodeSpec::new("node", kind)
        }
    });
    notation::scope(nodes.collect())
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Happens {
    /// One of those under way, by its number among them, ends so, or chooses this arm if it has to choose.
    Node(usize, Status, Option<usize>),
    Stop(Stop),
}

fn end() -> impl Strategy<Value = Status> {
    prop_oneof![
        6 => Just(Status::Done),
        2 => Just(Status::Failed),
        1 => Just(Status::Cancelled),
    ]
}

fn choice() -> impl Strategy<Value = Option<usize>> {
    proptest::option::weighted(0.8, any::<usize>())
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        12 => (any::<usize>(), end(), choice()).prop_map(|(which, end, arm)| Happens::Node(which, end, arm)),
        1 => proptest::sample::select(&[Stop::Failing, Stop::Cancelled][..]).prop_map(Happens::Stop),
    ]
}

/// A run, which checks each answer of the schedule against the model and against what must hold.
struct Play {
    scope: &'static ScopeSpec,
    wiring: Wiring,
    schedule: Schedule,
    model: Model,
    /// How the nodes stand, as the events and the commands tell.
    statuses: Vec<Status>,
    /// The branches whose arm was chosen; those among them whose arm was started.
    chosen: Vec<bool>,
    arms_started: Vec<bool>,
    stop: Option<Stop>,
    finished: bool,
    begun: bool,
    /// Whether what was done is to be undone now.
    undoing: bool,
}

impl Play {
    fn new(scope: &'static ScopeSpec, undoes: bool) -> Self {
        let mut wiring = Wiring::new(scope);
        if undoes {
            wiring = wiring.undoing();
        }
        let count = scope.nodes.len();
        Self {
            scope,
            schedule: Schedule::new(&wiring),
            wiring,
            model: Model::new(scope, undoes),
            statuses: vec![Status::Waiting; count],
            chosen: vec![false; count],
            arms_started: vec![false; count],
            stop: None,
            finished: false,
            begun: false,
            undoing: false,
        }
    }

    fn is_branch(&self, node: usize) -> bool {
        matches!(self.scope.nodes[node].kind, NodeKind::Branch { .. })
    }

    /// The nodes that something can happen to: all that have started, but no branch whose arm waits.
    fn under_way(&self) -> Vec<usize> {
        let goes_on = |&node: &usize| {
            self.statuses[node] == Status::Running
                && (!self.chosen[node] || self.arms_started[node])
        };
        (0..self.statuses.len()).filter(goes_on).collect()
    }

    fn run(&mut self, script: &[Happens]) {
        let mut script = script.iter().copied();
        while !self.finished {
            let under_way = self.under_way();
            if self.undoing {
                self.tell(Event::Undone);
                continue;
            }
            assert!(
                !under_way.is_empty(),
                "nothing is under way and it goes on: {:?}",
                self.statuses
            );
            let next = script.next();
            self.tell(
                match next.unwrap_or(Happens::Node(0, Status::Done, Some(0))) {
                    Happens::Stop(stop) => Event::Stop(stop),
                    Happens::Node(which, end, arm) => {
                        self.event(under_way[which % under_way.len()], end, arm)
                    }
                },
            );
        }
        assert!(self.statuses.iter().all(|status| status.is_ended()));
        assert!(self.schedule.is_finished());
    }

    /// What a node's fate says of its next event.
    fn event(&self, node: usize, end: Status, arm: Option<usize>) -> Event {
        match self.scope.nodes[node].kind {
            // Some heads fail.
            NodeKind::Branch { arms, .. } if !self.chosen[node] && end != Status::Cancelled => {
                Event::Chose(node, arm.map(|arm| arm % arms.len()))
            }
            _ => Event::Ended(node, end),
        }
    }

    fn tell(&mut self, event: Event) {
        self.tell_all(&[event]);
    }

    /// Tells the schedule events, and looks at what followed from all of them.
    fn tell_all(&mut self, events: &[Event]) {
        let (statuses, arms) = (self.model.statuses.clone(), self.model.arms_started.clone());
        let closed = self.begun && self.model.closes();
        self.begun = true;
        let mut commands = Vec::new();
        for &event in events {
            self.note(event);
            self.schedule.on(&self.wiring, event, &mut commands);
            self.model.on(event);
        }
        let ended_by_event = events.iter().find_map(|event| match event {
            Event::Ended(node, _) | Event::Chose(node, None) => Some(*node),
            _ => None,
        });
        self.compare(&commands, &statuses, &arms, ended_by_event, closed);
        for command in commands {
            self.obey(command);
        }
        self.repeat(events);
    }

    /// The same events again change nothing: they come too late.
    fn repeat(&mut self, events: &[Event]) {
        let mut commands = Vec::new();
        for &event in events {
            self.schedule.on(&self.wiring, event, &mut commands);
        }
        assert_eq!(commands, []);
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Begin => {}
            Event::Ended(node, status) => {
                assert_eq!(self.statuses[node], Status::Running);
                self.statuses[node] = status;
                if status != Status::Done && !self.scope.nodes[node].handled {
                    self.stop = self.stop.max(Some(Stop::Failing));
                }
            }
            Event::Chose(node, None) => self.statuses[node] = Status::Done,
            Event::Chose(node, Some(_)) => self.chosen[node] = true,
            Event::Stop(stop) => self.stop = self.stop.max(Some(stop)),
            Event::Undone => {
                assert!(self.undoing);
                self.undoing = false;
            }
        }
    }

    fn compare(
        &self,
        commands: &[Command],
        statuses: &[Status],
        arms: &[Option<usize>],
        ended_by_event: Option<usize>,
        closed: bool,
    ) {
        let mut expected = Vec::new();
        for (node, &after) in self.model.statuses.iter().enumerate() {
            assert_eq!(self.schedule.status(node), after, "node {node}");
            if statuses[node] == Status::Waiting && after == Status::Running {
                expected.push(Command::Start(node));
            }
            if let (None, Some(arm)) = (arms[node], self.model.arms_started[node]) {
                expected.push(Command::StartArm(node, arm));
            }
            if !statuses[node].is_ended() && after.is_ended() && ended_by_event != Some(node) {
                expected.push(Command::Ended(node, after));
            }
        }
        if self.model.undoes && !closed && self.model.closes() {
            expected.push(Command::Undo);
        }
        let ended = self.model.statuses.iter().all(|status| status.is_ended());
        if ended && !self.model.undoes {
            expected.push(Command::Finish);
        }
        let sorted = |commands: &[Command]| {
            let mut words: Vec<_> = commands
                .iter()
                .map(|command| format!("{command:?}"))
                .collect();
            words.sort();
            words
        };
        assert_eq!(sorted(commands), sorted(&expected));
    }

    /// Does what is commanded, after checking that it may be.
    fn obey(&mut self, command: Command) {
        assert!(!self.finished, "{command:?} after the end");
        match command {
            Command::Start(node) => {
                assert_eq!(self.statuses[node], Status::Waiting);
                self.check_start(node);
                self.statuses[node] = Status::Running;
            }
            Command::StartArm(node, arm) => {
                assert!(self.chosen[node] && !self.arms_started[node] && self.is_branch(node));
                self.check_stop(node);
                let NodeKind::Branch { arms, .. } = self.scope.nodes[node].kind else {
                    unreachable!("checked above");
                };
                assert!(arms[arm].reads.iter().all(|&read| self.is_there(read)));
                self.arms_started[node] = true;
            }
            Command::Ended(node, status) => {
                assert!(!self.statuses[node].is_ended());
                assert!(matches!(status, Status::Skipped | Status::Blocked));
                self.statuses[node] = status;
            }
            Command::Undo => self.undoing = true,
            Command::Finish => {
                assert!(!self.undoing);
                assert!(self.statuses.iter().all(|status| status.is_ended()));
                self.finished = true;
            }
        }
    }

    fn check_start(&self, node: usize) {
        self.check_stop(node);
        let spec = &self.scope.nodes[node];
        let ended = |node: usize| self.statuses[node].is_ended();
        let early = match spec.rule {
            Rule::OneSuccess => named(spec).any(|named| self.statuses[named] == Status::Done),
            Rule::OneFailed => named(spec).any(|named| self.statuses[named].is_failure()),
            _ => false,
        };
        assert!(
            early || named(spec).all(ended),
            "{node} starts before what it waits for"
        );
        if spec.rule == Rule::AllSuccess && !spec.finally {
            assert!(
                named(spec).all(|named| self.is_there(named)),
                "{node} starts without its values"
            );
        }
        if spec.finally {
            let others = (0..self.statuses.len()).filter(|&other| !self.scope.nodes[other].finally);
            assert!(
                others.into_iter().all(ended),
                "{node} starts before all others have ended"
            );
        }
    }

    fn check_stop(&self, node: usize) {
        let may_start = match self.stop {
            None => true,
            Some(Stop::Failing) => self.model.cleans_up(node),
            Some(Stop::Cancelled) => self.scope.nodes[node].finally,
        };
        assert!(may_start, "{node} starts in spite of {:?}", self.stop);
    }

    /// Whether a node has a value, an absent one or an outcome among them.
    fn is_there(&self, node: usize) -> bool {
        let spec = &self.scope.nodes[node];
        let status = self.statuses[node];
        status == Status::Done || status.is_ended() && (spec.optional || spec.outcome)
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(1024))]

    #[test]
    fn runs_as_the_naive_model_says(
        scope in scope(), undoes: bool, script in vec(happens(), 0..30),
    ) {
        let mut play = Play::new(scope, undoes);
        play.tell(Event::Begin);
        play.run(&script);
    }

    #[test]
    fn a_scope_of_a_run_that_is_stopping_begins_stopped(
        scope in scope(), undoes: bool, cancelled: bool, script in vec(happens(), 0..30),
    ) {
        let stop = if cancelled { Stop::Cancelled } else { Stop::Failing };
        let mut play = Play::new(scope, undoes);
        play.tell_all(&[Event::Stop(stop), Event::Begin]);
        play.run(&script);
    }

    /// Without a stop, how nodes end decides how all others end, whatever ends first.
    #[test]
    fn the_order_of_events_does_not_matter(
        raws in vec(raw(), 0..10),
        fates in vec((end(), choice()), 10),
        orders in [vec(any::<usize>(), 30), vec(any::<usize>(), 30)],
        undoes: bool,
    ) {
        let scope = build(&raws, |_| true);
        let ends = orders.map(|order| {
            let mut play = Play::new(scope, undoes);
            play.tell(Event::Begin);
            for which in order {
                if play.undoing {
                    play.tell(Event::Undone);
                }
                let under_way = play.under_way();
                if under_way.is_empty() {
                    break;
                }
                let node = under_way[which % under_way.len()];
                let (end, arm) = fates[node];
                play.tell(play.event(node, end, arm));
            }
            if play.undoing {
                play.tell(Event::Undone);
            }
            prop_assert!(play.finished);
            Ok(play.statuses)
        });
        let [one, other] = ends;
        prop_assert_eq!(one?, other?);
    }
}
