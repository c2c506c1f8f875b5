use orch_core::error::{ErrorKind, Place};
use orch_core::plan::{ScopeSpec, WorkflowSpec};
use orch_core::run::RunId;
use orch_core::schedule::Schedule;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::engine::frame::{Opening, Role};
use crate::program::{Program, ScopeCode};
use crate::services::Services;
use crate::veil::Veiled;

static SCOPE: ScopeSpec = ScopeSpec {
    nodes: &[],
    result: &[],
};
static SPEC: WorkflowSpec = WorkflowSpec::new("Test", &SCOPE);
static PROGRAM: Program = Program::new(
    &SPEC,
    ScopeCode {
        spec: &SCOPE,
        nodes: &[],
    },
);

/// A frame for a fan to hang from.
fn frame() -> Arc<Frame> {
    let layout = &PROGRAM.layout().root;
    let opening = Opening {
        layout,
        role: Role::Root(Veiled::new(Services::default()).run_arc(&PROGRAM)),
        schedule: Schedule::new(&layout.wiring),
    };
    opening.with(|| ())
}

fn error(idx: usize) -> NodeError {
    let place = Place {
        run: RunId::new("test"),
        workflow: "Test",
        node: "node".into(),
        step: "step",
        items: vec![idx],
    };
    NodeError::new(ErrorKind::Failed, place, 1, "test")
}

/// Which item an item's result is of.
fn idx_of(result: &Result<usize, NodeError>) -> usize {
    match result {
        Ok(idx) => *idx,
        Err(error) => error.place().items[0],
    }
}

/// A strand that has taken the fan's job.
#[derive(Debug)]
enum Strand {
    /// It has looked whether the run is stopping.
    Looked { stopping: bool },
    /// It has started an item and passes the job on.
    Passing,
}

/// An item whose end the fan is about to hear of, by whoever has looked whether the run is stopping.
#[derive(Debug)]
struct Ending {
    idx: usize,
    good: bool,
    stopping: bool,
}

/// What the engine does with a fan, one step of one strand at a time, and what must hold after each.
struct Sim {
    fan: Fan,
    limit: usize,
    stopping: bool,
    jobs: usize,
    strands: Vec<Strand>,
    running: Vec<usize>,
    ending: Vec<Ending>,
    started: Vec<bool>,
    /// How items ended.
    ends: Vec<Option<bool>>,
    /// How many ended badly otherwise than by a stop.
    failed: usize,
    /// How many ended badly under a stop.
    cut: usize,
    closed: bool,
    over: usize,
}

#[derive(Debug, Clone)]
struct Setting {
    total: usize,
    limit: Option<u32>,
    tolerate: Option<Tolerance>,
}

fn setting() -> impl Strategy<Value = Setting> {
    let tolerate = prop_oneof![
        (0u32..4).prop_map(Tolerance::Items),
        (0u32..1_000_000).prop_map(Tolerance::PerMillion),
    ];
    let limit = proptest::option::of(1u32..5);
    (1usize..12, limit, proptest::option::of(tolerate)).prop_map(|(total, limit, tolerate)| {
        Setting {
            total,
            limit,
            tolerate,
        }
    })
}

impl Sim {
    fn new(setting: &Setting) -> Self {
        let Setting {
            total,
            limit,
            tolerate,
        } = *setting;
        Self {
            fan: Fan::new(frame(), 0, total, limit, tolerate),
            limit: limit.map_or(usize::MAX, |limit| limit as usize),
            stopping: false,
            jobs: 1,
            strands: Vec::new(),
            running: Vec::new(),
            ending: Vec::new(),
            started: vec![false; total],
            ends: vec![None; total],
            failed: 0,
            cut: 0,
            closed: false,
            over: 0,
        }
    }

    /// Takes one of the steps that can be taken; says whether there was one.
    fn step(&mut self, pick: usize, good: bool) -> bool {
        let counts = [
            self.jobs,
            self.strands.len(),
            self.running.len(),
            self.ending.len(),
        ];
        let count: usize = counts.iter().sum();
        if count == 0 {
            return false;
        }
        let picked = pick / count;
        let mut pick = pick % count;
        let mut kind = 0;
        while pick >= counts[kind] {
            pick -= counts[kind];
            kind += 1;
        }
        match kind {
            0 => self.take_job(),
            1 => self.go_on(pick),
            2 => {
                let idx = self.running.swap_remove(pick);
                let stopping = self.stopping;
                self.ending.push(Ending {
                    idx,
                    good,
                    stopping,
                });
            }
            _ => {
                let ending = self.ending.swap_remove(pick);
                // Whoever tells may be the one in whose queue the job is.
                let holds_job = self.jobs == 1 && picked.is_multiple_of(2);
                self.end(&ending, holds_job);
            }
        }
        self.check();
        true
    }

    fn take_job(&mut self) {
        self.jobs -= 1;
        let stopping = self.stopping;
        self.strands.push(Strand::Looked { stopping });
    }

    fn go_on(&mut self, strand: usize) {
        match self.strands.swap_remove(strand) {
            Strand::Passing => self.jobs += 1,
            Strand::Looked { stopping: true } => {
                self.closed = true;
                self.over += usize::from(self.fan.close());
            }
            Strand::Looked { stopping: false } => {
                let (idx, more) = self.fan.next();
                if let Some(idx) = idx {
                    self.start(idx);
                }
                if more {
                    assert!(idx.is_some());
                    self.strands.push(Strand::Passing);
                }
            }
        }
    }

    fn start(&mut self, idx: usize) {
        assert!(!self.closed, "an item starts though the fan is closed");
        assert!(!self.started[idx], "item {idx} starts again");
        self.started[idx] = true;
        self.running.push(idx);
    }

    fn end(&mut self, ending: &Ending, holds_job: bool) {
        self.ends[ending.idx] = Some(ending.good);
        if !ending.good && ending.stopping && self.fan.tolerates() {
            self.cut += 1;
        } else if !ending.good {
            self.failed += 1;
        }
        self.closed |= ending.stopping || !self.is_tolerable();
        let after = if ending.good {
            self.fan.keep(ending.idx, ending.idx);
            self.fan.done(ending.stopping, holds_job)
        } else {
            let error = error(ending.idx);
            self.fan.failed(ending.idx, error, ending.stopping)
        };
        match after {
            After::Nothing => {}
            After::Queue => self.jobs += 1,
            After::Over => self.over += 1,
            After::Next(idx, more) => {
                assert!(holds_job);
                self.jobs -= 1;
                self.start(idx);
                if more {
                    self.strands.push(Strand::Passing);
                }
            }
        }
    }

    fn is_tolerable(&self) -> bool {
        let total = self.started.len();
        match self.fan.tolerate {
            None => self.failed == 0,
            Some(Tolerance::Items(most)) => self.failed <= most as usize,
            // As a share of all items.
            Some(Tolerance::PerMillion(most)) => {
                self.failed as f64 / total as f64 <= f64::from(most) / 1_000_000.0
            }
        }
    }

    fn started(&self) -> usize {
        self.started.iter().filter(|started| **started).count()
    }

    fn check(&self) {
        let held = self.jobs + self.strands.len();
        assert!(held <= 1, "the job is on its way twice");
        let under_way = self.running.len() + self.ending.len();
        assert!(under_way <= self.limit, "more under way than the limit");
        let room = self.started() < self.started.len() && under_way < self.limit;
        assert!(
            !room || self.closed || held == 1,
            "nobody starts the next item"
        );
        assert!(self.over <= 1, "it is over twice");
        assert!(
            self.over == 0 || under_way == 0,
            "it is over before its items"
        );
    }

    /// Checks how it ended.
    fn conclude(&self) {
        assert_eq!(self.over, 1, "it never ends");
        let total = self.started.len();
        match self.fan.outcome() {
            Outcome::Done(values) => {
                assert!(self.is_tolerable() && self.cut == 0);
                let items = values.results::<usize>();
                let order: Vec<_> = items.iter().map(idx_of).collect();
                assert_eq!(order, (0..total).collect::<Vec<_>>());
                let ends: Vec<_> = items.iter().map(|item| Some(item.is_ok())).collect();
                assert_eq!(ends, self.ends);
            }
            Outcome::Failed { errors, failed: 0 } => {
                assert!(errors.is_empty() && self.is_tolerable());
                assert!(self.cut > 0 || self.stopping && self.started() < total);
            }
            Outcome::Failed { errors, failed } => {
                assert!(!self.is_tolerable());
                assert_eq!(
                    (failed, errors.len()),
                    (self.failed, self.failed + self.cut)
                );
                assert!(errors.is_sorted_by_key(|error| error.place().items[0]));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2048, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// Strands in any order, items that end as they like, and maybe a stop at any time.
    #[test]
    fn whatever_happens_it_starts_what_it_may_and_ends_once(
        setting in setting(),
        steps in vec((any::<usize>(), proptest::bool::weighted(0.8)), 80),
        stop_at in proptest::option::of(0usize..40),
    ) {
        let mut sim = Sim::new(&setting);
        for (step, (pick, good)) in steps.into_iter().enumerate() {
            sim.stopping |= stop_at == Some(step);
            if !sim.step(pick, good) {
                break;
            }
        }
        while sim.step(0, true) {}
        sim.conclude();
    }

    /// Without failures and stops all items are done.
    #[test]
    fn undisturbed_it_gives_all_items(setting in setting(), picks in vec(any::<usize>(), 80)) {
        let mut sim = Sim::new(&setting);
        for pick in picks {
            sim.step(pick, true);
        }
        prop_assert_eq!(sim.started(), setting.total);
        sim.conclude();
    }
}

#[test]
fn a_fan_of_nothing_is_done() {
    let fan = Fan::new(frame(), 0, 0, None, None);
    let Outcome::Done(values) = fan.outcome() else {
        panic!("a fan of nothing failed");
    };
    assert!(values.whole::<()>().is_empty());
}

#[test]
fn under_a_limit_of_none_one_item_runs_at_a_time() {
    let fan = Fan::new(frame(), 0, 2, Some(0), None);
    assert_eq!(fan.next(), (Some(0), false));
}

#[test]
fn a_failure_after_the_stop_is_not_tolerated() {
    let fan = Fan::new(frame(), 0, 2, None, Some(Tolerance::Items(2)));
    assert_eq!(fan.next(), (Some(0), true));
    assert_eq!(fan.next(), (Some(1), false));
    assert_eq!(fan.failed(0, error(0), false), After::Nothing);
    assert_eq!(fan.failed(1, error(1), true), After::Over);
    let outcome = fan.outcome();
    assert!(
        matches!(outcome, Outcome::Failed { failed: 0, .. }),
        "{outcome:?}"
    );
}
