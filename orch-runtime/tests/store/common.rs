//! Runs as short as they can be told, for stores on real files.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};
use orch_runtime::store::{
    Applied, Change, Entry, EntryKind, Held, NewRun, OwnerId, Refused, Sqlite, Store, StoreError,
    Synchronous,
};

pub type Answer = Result<Applied, Refused>;

/// Opens a file whose commits need not survive the machine.
pub fn open(path: &Path) -> Result<Sqlite, StoreError> {
    Sqlite::options()
        .synchronous(Synchronous::Off)
        .open_blocking(path)
}

pub fn join(store: &dyn Store) -> OwnerId {
    store.join(Arc::new(|_| {})).unwrap()
}

pub fn new(id: &str, owner: Option<OwnerId>) -> NewRun {
    NewRun {
        id: RunId::new(id),
        workflow: "w".into(),
        version: "1".into(),
        fingerprint: "f".into(),
        input: "null".into(),
        correlation_id: None,
        parent: None,
        priority: 0,
        at: 1_000,
        deadline: None,
        owner,
        entries: Vec::new(),
        at_most: None,
        artifacts: Vec::new(),
        artifacts_of: None,
    }
}

pub fn start(id: &str, owner: Option<OwnerId>) -> Change {
    Change::Start(Box::new(new(id, owner)))
}

pub fn record(held: Held, seq: i64, value: &str) -> Change {
    Change::Record {
        held,
        entries: vec![Entry {
            seq,
            node: "n".into(),
            kind: EntryKind::Done,
            value: Some(value.into()),
            item: None,
            at: 1_000,
        }],
    }
}

pub fn end(held: Held) -> Change {
    Change::End {
        held,
        entries: Vec::new(),
        status: RunStatus::Completed,
        output: Some("1".into()),
        error: None,
        at: 2_000,
    }
}

pub fn take_up(owner: OwnerId, limit: usize) -> Change {
    Change::TakeUp {
        owner,
        workflows: [("w".to_owned(), None)].into(),
        now: 3_000,
        limit,
    }
}

pub fn put(key: &str, value: &str) -> Change {
    Change::Put {
        space: "cache",
        key: key.into(),
        value: value.into(),
        expires_at: None,
    }
}

/// What a single change is answered.
#[track_caller]
pub fn apply(store: &dyn Store, change: Change) -> Answer {
    store.commit(&[change]).unwrap().remove(0)
}

/// Starts a run.
#[track_caller]
pub fn hold(store: &dyn Store, owner: OwnerId, id: &str) -> Held {
    match apply(store, start(id, Some(owner))) {
        Ok(Applied::Started {
            held, fresh: true, ..
        }) => held,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn taken(answer: &Answer) -> &[Held] {
    match answer {
        Ok(Applied::TakenUp(held)) => held,
        other => panic!("{other:?}"),
    }
}

/// Runs a program of the system, and says whether it did what it should.
pub fn system(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).output();
    run.is_ok_and(|output| output.status.success())
}

/// Copies files as another process does: closing a file here would end the locks that SQLite has on it.
pub fn copy(from: &Path, to: &Path) {
    assert!(system(
        "cp",
        &[from.to_str().unwrap(), to.to_str().unwrap()]
    ));
}
