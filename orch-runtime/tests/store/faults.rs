//! What goes wrong with disks and files: each a clear error or a recovery, never a wrong result.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use orch_core::run::RunId;
use orch_runtime::store::journal::Journal;
use orch_runtime::store::{
    Applied, Change, Filter, Held, Refused, Sqlite, Store, StoreError, StoreErrorKind,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::common::{apply, copy, end, hold, join, open, put, record, start, system};

/// A file system of its own, in memory, of so many bytes; none where this process may not mount one.
struct Disk(TempDir);

impl Disk {
    fn of(bytes: usize) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let size = format!("size={bytes}");
        let path = directory.path().to_str().unwrap();
        if system("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", path]) {
            return Some(Self(directory));
        }
        println!("skipped: this process may not mount a tmpfs");
        None
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("runs.db")
    }

    fn remount(&self, mode: &str) -> bool {
        let path = self.0.path().to_str().unwrap();
        system("mount", &["-o", &format!("remount,{mode}"), path])
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        system("umount", &["--lazy", self.0.path().to_str().unwrap()]);
    }
}

/// An error of this kind, whose words contain these.
#[track_caller]
pub fn assert_error<T>(result: Result<T, StoreError>, kind: StoreErrorKind, words: &[&str]) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

pub fn temporary() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    (directory, path)
}

#[test]
fn a_full_disk_keeps_what_was_committed_and_goes_on_when_there_is_room() {
    let Some(disk) = Disk::of(2 * 1024 * 1024) else {
        return;
    };
    let ballast = disk.0.path().join("ballast");
    fs::write(&ballast, vec![0; 700 * 1024]).unwrap();
    let store = open(&disk.path()).unwrap();
    let owner = join(&store);
    let held = hold(&store, owner, "a");
    let queued = match apply(&store, start("queued", None)) {
        Ok(Applied::Started { held, .. }) => held,
        other => panic!("{other:?}"),
    };
    let value = "x".repeat(10_000);
    let mut kept = 0;
    let error = loop {
        let changes = [
            record(held, kept + 1, &value),
            put("last", &(kept + 1).to_string()),
        ];
        match store.commit(&changes) {
            Ok(answers) => assert!(answers.iter().all(Result::is_ok)),
            Err(error) => break error,
        }
        kept += 1;
    };
    assert!(kept > 10, "{kept}");
    assert!(error.is_transient());
    let words = ["runs.db", "no room", "free some"];
    assert_error::<()>(Err(error), StoreErrorKind::Full, &words);
    for _ in 0..3 {
        // What a transaction did that was not committed is not there, nor remembered.
        let take = Change::TakeUpOne {
            owner,
            run: queued.run,
        };
        let again = store.commit(&[take, record(held, kept + 1, &value)]);
        assert_error(again, StoreErrorKind::Full, &[]);
        let never = Held {
            fence: queued.fence + 1,
            ..queued
        };
        let late = apply(&store, record(never, 1, "1"));
        assert!(matches!(late, Err(Refused::Fenced { .. })), "{late:?}");
        let again = store.commit(&[record(held, kept + 1, &value), put("last", "wrong")]);
        assert_error(again, StoreErrorKind::Full, &[]);
        assert_eq!(
            store.load(held.run).unwrap().unwrap().entries.len() as i64,
            kept
        );
        assert_eq!(
            store.get("cache", "last", 0).unwrap(),
            Some(kept.to_string())
        );
    }
    fs::remove_file(ballast).unwrap();
    for _ in 0..10 {
        kept += 1;
        apply(&store, record(held, kept, &value)).unwrap();
    }
    apply(&store, end(held)).unwrap();
    drop(store);
    let store = open(&disk.path()).unwrap();
    store.check().unwrap();
    assert_eq!(
        store.load(held.run).unwrap().unwrap().entries.len() as i64,
        kept
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_waits_while_the_disk_is_full() {
    let Some(disk) = Disk::of(1024 * 1024) else {
        return;
    };
    let store = Arc::new(open(&disk.path()).unwrap());
    let owner = join(&*store);
    let held = hold(&*store, owner, "a");
    let ballast = disk.0.path().join("ballast");
    // As much as fits.
    let _ = fs::write(&ballast, vec![0; 2 * 1024 * 1024]);
    let journal = Journal::new(Arc::clone(&store) as Arc<dyn Store>);
    let value = "x".repeat(100_000);
    let answers: Vec<_> = (1..=3)
        .map(|seq| journal.submit(record(held, seq, &value)))
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(store.load(held.run).unwrap().unwrap().entries.is_empty());
    fs::remove_file(ballast).unwrap();
    for answer in answers {
        assert_eq!(answer.await.unwrap(), Applied::Done);
    }
    let entries = store.load(held.run).unwrap().unwrap().entries;
    let seqs: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
}

#[test]
fn a_disk_without_room_for_a_database_is_full() {
    let Some(disk) = Disk::of(64 * 1024) else {
        return;
    };
    let _ = fs::write(disk.0.path().join("ballast"), vec![0; 128 * 1024]);
    let words = ["open", "no room"];
    assert_error(open(&disk.path()), StoreErrorKind::Full, &words);
}

#[test]
fn a_file_system_that_may_only_be_read_is_said_to_be() {
    let Some(disk) = Disk::of(4 * 1024 * 1024) else {
        return;
    };
    let read_only = StoreErrorKind::ReadOnly;
    assert!(disk.remount("ro"));
    assert_error(open(&disk.path()), read_only, &["open", "runs.db"]);
    assert!(disk.remount("rw"));
    let store = open(&disk.path()).unwrap();
    let owner = join(&store);
    hold(&store, owner, "a");
    drop(store);
    assert!(disk.remount("ro"));
    assert_error(open(&disk.path()), read_only, &["open", "write"]);
    assert!(disk.remount("rw"));
    let store = open(&disk.path()).unwrap();
    assert!(store.find(&RunId::new("a")).unwrap().is_some());
}

/// Makes a path unwritable, or writable again; says whether that binds this process, as it does not bind root.
#[cfg(unix)]
fn forbid(path: &Path, forbidden: bool) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = match (path.is_dir(), forbidden) {
        (true, true) => 0o555,
        (true, false) => 0o755,
        (false, true) => 0o444,
        (false, false) => 0o644,
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let probe = if path.is_dir() {
        path.join("probe")
    } else {
        path.to_owned()
    };
    let mut options = fs::OpenOptions::new();
    let bound = options
        .append(true)
        .create(path.is_dir())
        .open(&probe)
        .is_err();
    if forbidden && !bound {
        println!("skipped: permissions do not bind this process");
    }
    bound
}

#[cfg(unix)]
#[test]
fn a_file_or_directory_that_may_not_be_written_is_said_to_be() {
    let (directory, path) = temporary();
    drop(open(&path).unwrap());
    for place in [&path, directory.path()] {
        if forbid(place, true) {
            let words = ["open", "runs.db", "write"];
            assert_error(open(&path), StoreErrorKind::ReadOnly, &words);
        }
        forbid(place, false);
        drop(open(&path).unwrap());
    }
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let (directory, _) = temporary();
    let path = directory.path().join("none").join("runs.db");
    let words = ["there is no directory", "none"];
    assert_error(open(&path), StoreErrorKind::Missing, &words);
    let words = ["could not be opened"];
    assert_error(open(directory.path()), StoreErrorKind::Io, &words);
}

/// A store that was written to, with its file then changed under it.
fn disturbed(disturb: impl FnOnce(&Path)) -> (TempDir, Sqlite) {
    let (directory, path) = temporary();
    let store = open(&path).unwrap();
    let owner = join(&store);
    let held = hold(&store, owner, "a");
    disturb(&path);
    let missing = StoreErrorKind::Missing;
    for _ in 0..2 {
        let written = store.commit(&[record(held, 1, "1")]);
        assert_error(written, missing, &["write", "while it was open"]);
        let read = store.find(&RunId::new("a"));
        assert_error(read, missing, &["read", "while it was open"]);
        assert_error(store.join(Arc::new(|_| {})), missing, &[]);
    }
    (directory, store)
}

#[test]
fn a_file_that_is_deleted_moved_or_replaced_is_missed() {
    disturbed(|path| fs::remove_file(path).unwrap());
    disturbed(|path| fs::rename(path, path.with_extension("old")).unwrap());
    disturbed(|path| fs::remove_file(path.with_extension("db-wal")).unwrap());
    disturbed(|path| {
        let other = path.with_extension("other");
        copy(path, &other);
        fs::rename(other, path).unwrap();
    });
    let (directory, store) = disturbed(|path| fs::remove_file(path).unwrap());
    drop(store);
    // Nothing of the one that is gone gets into a new one.
    let store = open(&directory.path().join("runs.db")).unwrap();
    assert!(store.list(&Filter::default()).unwrap().is_empty());
}

#[test]
fn other_files_are_left_as_they_are() {
    let (directory, ours) = temporary();
    drop(open(&ours).unwrap());
    let foreign = |name: &str, make: &dyn Fn(&Path), kind, words: &[&str]| {
        let path = directory.path().join(name);
        make(&path);
        let before = fs::read(&path).unwrap();
        assert_error(open(&path), kind, words);
        assert!(fs::read(&path).unwrap() == before, "{name} was changed");
    };
    let sql = |path: &Path, sql: &str| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    let as_ours = |path: &Path, pragma: &str| {
        fs::copy(&ours, path).unwrap();
        sql(path, "PRAGMA journal_mode = delete");
        sql(path, pragma);
    };
    let version = StoreErrorKind::Version;
    let text = |path: &Path| fs::write(path, "Dear diary, ".repeat(100)).unwrap();
    foreign(
        "diary.txt",
        &text,
        version,
        &["no SQLite database", "another path"],
    );
    let another = |path: &Path| sql(path, "CREATE TABLE runs (id)");
    foreign(
        "another.db",
        &another,
        version,
        &["database of another program"],
    );
    let numbered = |path: &Path| sql(path, "PRAGMA application_id = 7; CREATE TABLE t (x)");
    foreign(
        "numbered.db",
        &numbered,
        version,
        &["database of another program"],
    );
    let later = |path: &Path| as_ours(path, "PRAGMA user_version = 999");
    foreign(
        "later.db",
        &later,
        version,
        &["later version", "999", "up to 1"],
    );
    let never = |path: &Path| as_ours(path, "PRAGMA user_version = -3");
    foreign("never.db", &never, StoreErrorKind::Corrupt, &["-3"]);
    // An empty file is a new database.
    let empty = directory.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    let store = open(&empty).unwrap();
    assert!(store.list(&Filter::default()).unwrap().is_empty());
}

#[test]
fn a_table_that_is_gone_is_damage() {
    let (_directory, path) = temporary();
    drop(open(&path).unwrap());
    let stripped = Connection::open(&path).unwrap();
    stripped.execute_batch("DROP TABLE signals").unwrap();
    drop(stripped);
    let store = open(&path).unwrap();
    let owner = join(&store);
    let held = hold(&store, owner, "a");
    let read = store.load(held.run);
    assert_error(
        read,
        StoreErrorKind::Corrupt,
        &["not what this version expects"],
    );
}

#[test]
fn a_store_that_another_program_locks_is_busy_until_it_does_not() {
    let (_directory, path) = temporary();
    let quick = Sqlite::options().busy_timeout(Duration::from_millis(100));
    let store = quick.clone().open_blocking(&path).unwrap();
    let owner = join(&store);
    let held = hold(&store, owner, "a");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = store.commit(&[record(held, 1, "1")]);
    assert_error(
        busy,
        StoreErrorKind::Busy,
        &["write", "locked", "busy timeout"],
    );
    // Whoever reads is not kept waiting, and opening only reads; joining writes.
    assert!(store.load(held.run).unwrap().unwrap().entries.is_empty());
    let second = quick.open_blocking(&path).unwrap();
    assert_error(second.join(Arc::new(|_| {})), StoreErrorKind::Busy, &[]);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(apply(&store, record(held, 1, "1")), Ok(Applied::Done));
    join(&second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_waits_while_the_store_is_busy() {
    let (_directory, path) = temporary();
    let options = Sqlite::options().busy_timeout(Duration::from_millis(50));
    let store = Arc::new(options.open(&path).await.unwrap());
    let owner = join(&*store);
    let held = hold(&*store, owner, "a");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let journal = Journal::new(Arc::clone(&store) as Arc<dyn Store>);
    let answer = tokio::spawn(journal.submit(record(held, 1, "1")));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!answer.is_finished());
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(answer.await.unwrap().unwrap(), Applied::Done);
}
