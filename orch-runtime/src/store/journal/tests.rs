use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use orch_core::run::{RunId, RunStatus};

use super::{Journal, JournalError};
use crate::store::{
    Applied, Change, Filter, History, Json, Memory, Millis, NewRun, OwnerId, Refused, RunKey,
    RunRecord, SignalRecord, Store, StoreError, StoreErrorKind, Wake,
};

/// A store that fails as it is told, and says what it was given.
#[derive(Debug, Default)]
struct Scripted {
    inner: Memory,
    /// How many of the next commits fail, and how.
    failures: Mutex<Vec<StoreErrorKind>>,
    batches: Mutex<Vec<usize>>,
    tries: AtomicUsize,
    gate: Gate,
}

/// Keeps whoever passes waiting while it is shut.
#[derive(Debug, Default)]
struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn set(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let shut = self.shut.lock().unwrap();
        drop(self.opened.wait_while(shut, |shut| *shut).unwrap());
    }
}

impl Store for Scripted {
    fn commit(&self, changes: &[Change]) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        self.gate.pass();
        if let Some(kind) = self.failures.lock().unwrap().pop() {
            return Err(StoreError::new(kind, format!("told to be {}", kind.code())));
        }
        if changes
            .iter()
            .any(|change| matches!(change, Change::Remove { key, .. } if key == "panic"))
        {
            panic!("told to");
        }
        self.batches.lock().unwrap().push(changes.len());
        self.inner.commit(changes)
    }

    fn join(&self, wake: Wake) -> Result<OwnerId, StoreError> {
        self.inner.join(wake)
    }
    fn leave(&self, owner: OwnerId) -> Result<(), StoreError> {
        self.inner.leave(owner)
    }
    fn find(&self, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        self.inner.find(id)
    }
    fn load(&self, run: RunKey) -> Result<Option<History>, StoreError> {
        self.inner.load(run)
    }
    fn signals(&self, run: RunKey, after: i64) -> Result<Vec<SignalRecord>, StoreError> {
        self.inner.signals(run, after)
    }
    fn list(&self, filter: &Filter) -> Result<Vec<RunRecord>, StoreError> {
        self.inner.list(filter)
    }
    fn next_ready(&self, of: &[(String, Option<u32>)]) -> Result<Option<Millis>, StoreError> {
        self.inner.next_ready(of)
    }
    fn first_ended(&self, status: RunStatus, since: Millis) -> Result<Option<Millis>, StoreError> {
        self.inner.first_ended(status, since)
    }
    fn get(&self, space: &str, key: &str, now: Millis) -> Result<Option<Json>, StoreError> {
        self.inner.get(space, key, now)
    }
    fn scan(&self, space: &str, now: Millis) -> Result<Vec<(String, Json)>, StoreError> {
        self.inner.scan(space, now)
    }
    fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.artifact(digest)
    }
}

fn start(id: &str) -> Change {
    Change::Start(Box::new(NewRun {
        id: RunId::new(id),
        workflow: "w".into(),
        version: "1".into(),
        fingerprint: "f".into(),
        input: "null".into(),
        correlation_id: None,
        parent: None,
        priority: 0,
        at: 1,
        deadline: None,
        owner: None,
        entries: Vec::new(),
        at_most: None,
        artifacts: Vec::new(),
        artifacts_of: None,
    }))
}

fn remove(key: &str) -> Change {
    Change::Remove {
        space: "cache",
        key: key.into(),
    }
}

fn key(answer: Result<Applied, JournalError>) -> i64 {
    match answer {
        Ok(Applied::Started { held, .. }) => held.run.0,
        other => panic!("{other:?}"),
    }
}

fn scripted() -> (Arc<Scripted>, Journal) {
    let store = Arc::new(Scripted::default());
    let journal = Journal::new(Arc::clone(&store) as Arc<dyn Store>);
    (store, journal)
}

/// Waits until the writer has come to the shut gate.
async fn at_the_gate(store: &Scripted, tries: usize) {
    while store.tries.load(Ordering::Relaxed) < tries {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_comes_during_a_commit_is_kept_in_the_next_in_order() {
    let (store, journal) = scripted();
    store.gate.set(true);
    let first = journal.submit(start("0"));
    at_the_gate(&store, 1).await;
    let others: Vec<_> = (1..=2000)
        .map(|id| journal.submit(start(&id.to_string())))
        .collect();
    store.gate.set(false);
    assert_eq!(key(first.await), 1);
    for (index, other) in others.into_iter().enumerate() {
        assert_eq!(key(other.await), index as i64 + 2);
    }
    assert_eq!(*store.batches.lock().unwrap(), [1, 1024, 976]);
}

#[tokio::test]
async fn what_is_submitted_is_kept_though_nobody_waits() {
    let (store, journal) = scripted();
    drop(journal.submit(start("unpolled")));
    journal.submit_and_forget(start("forgotten"));
    journal.close().await;
    let ids: Vec<_> = ["unpolled", "forgotten"].map(RunId::new).into();
    assert!(ids.iter().all(|id| store.find(id).unwrap().is_some()));
}

#[tokio::test]
async fn a_refusal_concerns_one() {
    let (_store, journal) = scripted();
    let refused = journal.submit(Change::Delete { run: RunKey(7) });
    let kept = journal.submit(start("a"));
    assert!(matches!(
        refused.await,
        Err(JournalError::Refused(Refused::NoRun(RunKey(7))))
    ));
    key(kept.await);
}

#[tokio::test]
async fn a_full_or_busy_store_is_tried_again_with_everything_in_order() {
    let (store, journal) = scripted();
    *store.failures.lock().unwrap() = vec![StoreErrorKind::Busy, StoreErrorKind::Full];
    let answers: Vec<_> = (0..10)
        .map(|id| journal.submit(start(&id.to_string())))
        .collect();
    for (index, answer) in answers.into_iter().enumerate() {
        assert_eq!(key(answer.await), index as i64 + 1);
    }
    assert!(store.tries.load(Ordering::Relaxed) >= 3);
}

#[tokio::test]
async fn another_failure_is_answered_to_all_it_concerns_and_no_more() {
    let (store, journal) = scripted();
    store.gate.set(true);
    let before = journal.submit(start("before"));
    at_the_gate(&store, 1).await;
    let (one, other) = (journal.submit(start("one")), journal.submit(start("other")));
    // The first waits at the gate and fails, the others are kept together afterwards.
    *store.failures.lock().unwrap() = vec![StoreErrorKind::Corrupt];
    store.gate.set(false);
    let Err(JournalError::Store(error)) = before.await else {
        panic!("kept");
    };
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert_eq!(error.to_string(), "told to be store_corrupt");
    assert_eq!((key(one.await), key(other.await)), (1, 2));
}

#[tokio::test]
async fn a_store_that_panics_has_failed_and_is_asked_again() {
    let (_store, journal) = scripted();
    let Err(JournalError::Store(error)) = journal.submit(remove("panic")).await else {
        panic!("kept");
    };
    assert_eq!(error.kind(), StoreErrorKind::Io);
    key(journal.submit(start("after")).await);
    assert!(
        journal
            .ask(|_| -> Result<(), _> { panic!("told to") })
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_closed_journal_takes_nothing_and_gives_up_after_one_more_try() {
    let (store, journal) = scripted();
    *store.failures.lock().unwrap() = vec![StoreErrorKind::Full; 1000];
    let never = journal.submit(start("never"));
    at_the_gate(&store, 1).await;
    journal.close().await;
    let Err(JournalError::Store(error)) = never.await else {
        panic!("kept");
    };
    assert!(error.is_transient());
    assert!(matches!(
        journal.submit(start("late")).await,
        Err(JournalError::Closed)
    ));
}

#[tokio::test]
async fn dropping_a_journal_keeps_what_was_submitted() {
    let (store, journal) = scripted();
    store.gate.set(true);
    let answer = journal.submit(start("a"));
    drop(journal);
    store.gate.set(false);
    key(answer.await);
    // The thread lets go of the store.
    while Arc::strong_count(&store) > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_direct_journal_keeps_before_it_returns_and_lets_no_time_pass() {
    let store = Memory::new();
    let journal = Journal::direct(Arc::new(store.clone()));
    let before = tokio::time::Instant::now();
    let answer = journal.submit(start("a"));
    assert!(store.find(&RunId::new("a")).unwrap().is_some());
    key(answer.await);
    journal.submit_and_forget(start("b"));
    assert!(journal.find(RunId::new("b")).await.unwrap().is_some());
    journal.close().await;
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[test]
fn a_journal_needs_no_runtime() {
    let (store, journal) = scripted();
    drop(journal.submit(start("a")));
    drop(journal);
    while store.find(&RunId::new("a")).unwrap().is_none() {
        std::thread::yield_now();
    }
}
