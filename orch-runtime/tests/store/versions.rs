//! Databases written by earlier versions, which every later one opens.
//!
//! `fixtures/v<n>.sql` is what a version wrote, as `sqlite3 <file> .dump` gives it, with the numbers of its header.
//! They stay as they are; a new version of the schema adds one, which `write_fixture` writes.

use std::fs;
use std::path::{Path, PathBuf};

use orch_core::run::{RunId, RunStatus};
use orch_runtime::store::{
    Change, Entry, EntryKind, Filter, Held, NewArtifact, NewRun, RunKey, Sqlite, Store,
};
use rusqlite::Connection;

use crate::common::{apply, end, hold, join, new, open, put, record, start, take_up, taken};
use crate::faults::temporary;

/// The newest version of the schema.
const NEWEST: i64 = 1;

fn fixture(version: i64) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/store/fixtures/v{version}.sql"))
}

/// What `write_fixture` writes: a run of each status, and something of all that is kept.
fn write(store: &Sqlite) {
    let owner = join(store);
    for status in RunStatus::ALL {
        let id = format!("run-{}", status.as_str());
        let held = hold(store, owner, &id);
        if status.is_ended() {
            let mut end = end(held);
            if let Change::End { status: of, .. } = &mut end {
                *of = status;
            }
            apply(store, end).unwrap();
        } else if status != RunStatus::Running {
            let suspend = Change::Suspend {
                held,
                entries: Vec::new(),
                status,
                ready_at: (status == RunStatus::Waiting).then_some(2_500),
                seen: 0,
                reason: (status == RunStatus::Paused).then(|| "by hand".into()),
            };
            apply(store, suspend).unwrap();
        }
    }
    let told = NewRun {
        correlation_id: Some("customer-7".into()),
        parent: Some(RunId::new("run-completed")),
        input: r#"{"order": "ü"}"#.into(),
        deadline: Some(9_000),
        priority: 70,
        entries: entries(),
        ..new("told", None)
    };
    apply(store, Change::Start(Box::new(told))).unwrap();
    apply(store, signal("told", "e-1")).unwrap();
    apply(store, put("rates", "[1.5]")).unwrap();
    let artifact = Change::PutArtifact {
        run: RunKey(1),
        artifact: NewArtifact {
            digest: ARTIFACT.into(),
            content: Some(b"one".as_slice().into()),
        },
    };
    apply(store, artifact).unwrap();
}

const ARTIFACT: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";

fn signal(id: &str, event: &str) -> Change {
    Change::Signal {
        run: RunId::new(id),
        name: "approve".into(),
        event: Some(event.into()),
        value: "true".into(),
        at: 1_500,
    }
}

/// One of each kind that the first version knew.
fn entries() -> Vec<Entry> {
    let kinds = EntryKind::ALL.into_iter().take(11).zip(1..);
    let entries = kinds.map(|(kind, seq)| Entry {
        seq,
        node: format!("parcels/pack/{seq}"),
        kind,
        value: (seq != 3).then(|| format!("{{\"value\":{seq}}}")),
        item: (seq % 2 == 0).then(|| "\"sku-1\"".into()),
        at: 1_000 + seq,
    });
    entries.collect()
}

#[test]
#[ignore = "writes the fixture of a new version of the schema"]
fn write_fixture() {
    let (_directory, path) = temporary();
    let store = open(&path).unwrap();
    write(&store);
    // As if it was killed now, with what it holds.
    let dump = std::process::Command::new("sqlite3")
        .args([path.to_str().unwrap(), ".dump"])
        .output()
        .unwrap();
    let dump = String::from_utf8(dump.stdout).unwrap();
    let header = format!("PRAGMA application_id = 0x4f726368;\nPRAGMA user_version = {NEWEST};\n");
    assert!(
        !fixture(NEWEST).exists(),
        "what was released is never changed"
    );
    fs::write(fixture(NEWEST), header + &dump).unwrap();
}

#[test]
fn each_version_has_a_fixture_and_the_newest_is_the_one_that_is_written() {
    let (_directory, path) = temporary();
    drop(open(&path).unwrap());
    let schema = |db: &Connection| -> Vec<String> {
        let mut statement = db
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let written = Connection::open(&path).unwrap();
    let version: i64 = written
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, NEWEST);
    for version in 1..=NEWEST {
        let (_directory, old) = temporary();
        let db = Connection::open(&old).unwrap();
        db.execute_batch(&fs::read_to_string(fixture(version)).unwrap())
            .unwrap();
        drop(open(&old).unwrap());
        assert_eq!(schema(&db), schema(&written), "made of version {version}");
    }
}

#[test]
fn databases_of_earlier_versions_are_gone_on_with() {
    for version in 1..=NEWEST {
        let (_directory, path) = temporary();
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&fs::read_to_string(fixture(version)).unwrap())
            .unwrap();
        drop(db);
        for _ in 0..2 {
            as_it_was_left(&open(&path).unwrap());
        }
        goes_on(&open(&path).unwrap());
    }
}

fn as_it_was_left(store: &Sqlite) {
    store.check().unwrap();
    let all = store.list(&Filter::default()).unwrap();
    let mut expected = RunStatus::ALL
        .map(|status| format!("run-{}", status.as_str()))
        .to_vec();
    expected.push("told".into());
    expected.reverse();
    assert_eq!(
        all.iter().map(|run| run.id.to_string()).collect::<Vec<_>>(),
        expected
    );
    for run in &all[1..] {
        assert_eq!(run.id.as_str(), format!("run-{}", run.status.as_str()));
        assert_eq!(run.ended_at, run.status.is_ended().then_some(2_000));
        assert_eq!(
            run.ready_at,
            (run.status == RunStatus::Waiting).then_some(2_500)
        );
        assert_eq!(run.owner.is_some(), run.status == RunStatus::Running);
        assert_eq!(run.reason.is_some(), run.status == RunStatus::Paused);
    }
    let told = store.load(all[0].key).unwrap().unwrap();
    assert_eq!(told.entries, entries());
    assert_eq!(told.signals.len(), 1);
    let run = told.run;
    assert_eq!(
        (run.input.as_str(), run.priority),
        (r#"{"order": "ü"}"#, 70)
    );
    assert_eq!(
        (run.correlation_id.as_str(), run.deadline),
        ("customer-7", Some(9_000))
    );
    assert_eq!(run.parent, Some(RunId::new("run-completed")));
    assert_eq!(
        store.get("cache", "rates", 0).unwrap().as_deref(),
        Some("[1.5]")
    );
    assert_eq!(
        store.artifact(ARTIFACT).unwrap().as_deref(),
        Some(&b"one"[..])
    );
}

fn goes_on(store: &Sqlite) {
    let owner = join(store);
    let answer = apply(store, take_up(owner, 9));
    // What its process held, what had waited long enough, and what was queued, the one with more priority first.
    let ids: Vec<String> = taken(&answer)
        .iter()
        .map(|held| store.load(held.run).unwrap().unwrap().run.id.to_string())
        .collect();
    assert_eq!(ids, ["told", "run-waiting", "run-running"]);
    let held: Held = taken(&answer)[0];
    assert_eq!(
        apply(store, record(held, 12, "1")),
        Ok(orch_runtime::store::Applied::Done)
    );
    apply(store, end(held)).unwrap();
    assert!(apply(store, signal("told", "e-2")).is_err());
    assert!(matches!(
        apply(store, start("run-failed", Some(owner))),
        Ok(orch_runtime::store::Applied::Started { fresh: false, .. })
    ));
}
