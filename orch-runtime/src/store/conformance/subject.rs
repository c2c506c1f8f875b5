//! A store under test, and short words for what is done to it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use orch_core::run::{RunId, RunStatus};

use crate::store::{
    Applied, Change, Entry, EntryKind, Filter, Held, History, Millis, NewRun, OwnerId, Refused,
    RunKey, RunRecord, Store, StoreError, Wake, Woken,
};

/// What one did, or why not.
pub(super) type Answer = Result<Applied, Refused>;

/// A new store, which two owners have joined.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) store: Box<dyn Store>,
    pub(super) owner: OwnerId,
    pub(super) other: OwnerId,
    pub(super) owner_woken: Ears,
    pub(super) other_woken: Ears,
}

/// What an owner was woken for.
#[derive(Debug, Clone, Default)]
pub(super) struct Ears(Arc<(Mutex<Vec<Woken>>, Condvar)>);

impl Ears {
    pub(super) fn wake(&self) -> Wake {
        let ears = self.clone();
        Arc::new(move |woken| {
            let (heard, more) = &*ears.0;
            heard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(woken);
            more.notify_all();
        })
    }

    /// Waits until this was heard.
    pub(super) fn hear(&self, expected: Woken) {
        let (heard, more) = &*self.0;
        let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let (heard, waited) = more
            .wait_timeout_while(heard, Duration::from_secs(10), |heard| {
                !heard.contains(&expected)
            })
            .unwrap_or_else(PoisonError::into_inner);
        assert!(
            !waited.timed_out(),
            "not woken for {expected:?}, only for {heard:?}"
        );
    }

    pub(super) fn forget(&self) {
        self.0
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// What a store gave, which should not have failed.
#[track_caller]
pub(super) fn well<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store failed: {error} ({:?})", error.kind()))
}

/// A run of workflow `w` that nobody holds, started at 1,000.
pub(super) fn new(id: &str) -> NewRun {
    NewRun {
        id: RunId::new(id),
        workflow: "w".to_owned(),
        version: "1".to_owned(),
        fingerprint: "f".to_owned(),
        input: "null".to_owned(),
        correlation_id: None,
        parent: None,
        priority: 50,
        at: 1_000,
        deadline: None,
        owner: None,
        entries: Vec::new(),
        at_most: None,
        artifacts: Vec::new(),
        artifacts_of: None,
    }
}

/// An entry of this number, with a value.
pub(super) fn entry(seq: i64) -> Entry {
    Entry {
        seq,
        node: format!("node/{seq}"),
        kind: EntryKind::Done,
        value: Some(format!("{{\"seq\":{seq}}}")),
        item: None,
        at: 1_000 + seq,
    }
}

/// Any number of these workflows' runs.
pub(super) fn any(workflows: &[&str]) -> Arc<[(String, Option<u32>)]> {
    workflows
        .iter()
        .map(|name| ((*name).to_owned(), None))
        .collect()
}

impl Subject {
    pub(super) fn new(store: Box<dyn Store>) -> Self {
        let (owner_woken, other_woken) = (Ears::default(), Ears::default());
        Self {
            owner: well(store.join(owner_woken.wake())),
            other: well(store.join(other_woken.wake())),
            owner_woken,
            other_woken,
            store,
        }
    }

    #[track_caller]
    pub(super) fn all(&self, changes: &[Change]) -> Vec<Answer> {
        let answers = well(self.store.commit(changes));
        assert_eq!(answers.len(), changes.len(), "an answer for each change");
        answers
    }

    #[track_caller]
    pub(super) fn apply(&self, change: Change) -> Answer {
        self.all(&[change]).remove(0)
    }

    /// Applies what is not to be refused.
    #[track_caller]
    pub(super) fn done(&self, change: Change) {
        let answer = self.apply(change.clone());
        assert_eq!(answer, Ok(Applied::Done), "of {change:?}");
    }

    #[track_caller]
    pub(super) fn start(&self, run: NewRun) -> Held {
        match self.apply(Change::Start(Box::new(run))) {
            Ok(Applied::Started {
                held, fresh: true, ..
            }) => held,
            other => panic!("a new run was answered {other:?}"),
        }
    }

    /// Starts a run that the first owner holds.
    #[track_caller]
    pub(super) fn hold(&self, id: &str) -> Held {
        self.start(NewRun {
            owner: Some(self.owner),
            ..new(id)
        })
    }

    #[track_caller]
    pub(super) fn queue(&self, id: &str) -> RunKey {
        self.start(new(id)).run
    }

    /// Starts a run and ends it as completed, at a time.
    #[track_caller]
    pub(super) fn ended(&self, run: NewRun, at: Millis) -> RunKey {
        let held = self.start(NewRun {
            owner: Some(self.owner),
            ..run
        });
        self.done(end(held, RunStatus::Completed, at));
        held.run
    }

    #[track_caller]
    pub(super) fn record(&self, held: Held, seqs: &[i64]) -> Answer {
        let entries = seqs.iter().map(|seq| entry(*seq)).collect();
        self.apply(Change::Record { held, entries })
    }

    #[track_caller]
    pub(super) fn take_up(&self, workflows: &[&str], now: Millis, limit: usize) -> Vec<Held> {
        self.take_up_of(any(workflows), now, limit)
    }

    #[track_caller]
    pub(super) fn take_up_of(
        &self,
        workflows: Arc<[(String, Option<u32>)]>,
        now: Millis,
        limit: usize,
    ) -> Vec<Held> {
        let owner = self.owner;
        match self.apply(Change::TakeUp {
            owner,
            workflows,
            now,
            limit,
        }) {
            Ok(Applied::TakenUp(held)) => held,
            other => panic!("taking up was answered {other:?}"),
        }
    }

    /// The ids of the runs that are taken up, in their order.
    #[track_caller]
    pub(super) fn taken(&self, workflows: &[&str], now: Millis, limit: usize) -> Vec<String> {
        let held = self.take_up(workflows, now, limit);
        held.iter()
            .map(|held| self.run(held.run).id.to_string())
            .collect()
    }

    #[track_caller]
    pub(super) fn history(&self, run: RunKey) -> History {
        well(self.store.load(run)).unwrap_or_else(|| panic!("{run:?} is not kept"))
    }

    #[track_caller]
    pub(super) fn run(&self, run: RunKey) -> RunRecord {
        self.history(run).run
    }

    #[track_caller]
    pub(super) fn seqs(&self, run: RunKey) -> Vec<i64> {
        self.history(run)
            .entries
            .iter()
            .map(|entry| entry.seq)
            .collect()
    }

    #[track_caller]
    pub(super) fn ids(&self, filter: &Filter) -> Vec<String> {
        let runs = well(self.store.list(filter));
        runs.iter().map(|run| run.id.to_string()).collect()
    }

    /// The ids of all runs, the first first.
    #[track_caller]
    pub(super) fn kept(&self) -> Vec<String> {
        let mut ids = self.ids(&Filter {
            limit: usize::MAX,
            ..Filter::default()
        });
        ids.reverse();
        ids
    }
}

pub(super) fn end(held: Held, status: RunStatus, at: Millis) -> Change {
    Change::End {
        held,
        entries: Vec::new(),
        status,
        output: None,
        error: None,
        at,
    }
}

pub(super) fn suspend(held: Held, status: RunStatus, ready_at: Option<Millis>) -> Change {
    Change::Suspend {
        held,
        entries: Vec::new(),
        status,
        ready_at,
        seen: i64::MAX,
        reason: None,
    }
}

pub(super) fn signal(id: &str, name: &str, event: Option<&str>, value: &str) -> Change {
    Change::Signal {
        run: RunId::new(id),
        name: name.to_owned(),
        event: event.map(ToOwned::to_owned),
        value: value.to_owned(),
        at: 2_000,
    }
}

/// Whether a change came too late.
#[track_caller]
pub(super) fn assert_late(answer: &Answer) {
    assert!(
        matches!(answer, Err(Refused::Fenced { .. })),
        "not late: {answer:?}"
    );
}
