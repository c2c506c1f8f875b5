//! Pages and logs with something wrong in them.

use std::fs;
use std::path::PathBuf;

use orch_core::run::RunId;
use orch_runtime::store::{Filter, RunKey, Sqlite, Store, StoreError, StoreErrorKind};
use tempfile::TempDir;

use crate::common::{apply, copy, end, hold, join, open, put, record, take_up, taken};
use crate::faults::{assert_error, temporary};

/// A closed database with so many ended runs, each with a value of its own.
fn populated(runs: usize) -> (TempDir, PathBuf) {
    let (directory, path) = temporary();
    let store = open(&path).unwrap();
    let owner = join(&store);
    for run in 0..runs {
        let held = hold(&store, owner, &format!("run-{run}"));
        let changes = [record(held, 1, &value(run)), end(held)];
        store.commit(&changes).unwrap();
    }
    drop(store);
    (directory, path)
}

/// Most fit into a page, some do not.
fn value(run: usize) -> String {
    let length = if run.is_multiple_of(20) { 5_000 } else { 100 };
    format!("\"{}\"", run.to_string().repeat(length))
}

/// Reads all runs: what is read is right, or there is an error that says the file is damaged, and which one it is.
fn reads_well(store: &Sqlite, runs: usize) -> bool {
    let damaged = |error: StoreError| {
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
        assert!(
            error.to_string().contains("runs.db") && error.to_string().contains("damaged"),
            "{error}"
        );
    };
    let mut well = true;
    for run in 0..runs {
        let key = RunKey(run as i64 + 1);
        match store.load(key) {
            Ok(Some(history)) => {
                let id = RunId::new(format!("run-{run}"));
                assert_eq!((history.run.key, history.run.id), (key, id));
                assert_eq!(history.entries.len(), 1);
                assert_eq!(history.entries[0].value, Some(value(run)));
            }
            Ok(None) => panic!("run {run} is not there, and nothing said why"),
            Err(error) => {
                damaged(error);
                well = false;
            }
        }
    }
    let all = Filter {
        limit: runs,
        ..Filter::default()
    };
    match store.list(&all) {
        Ok(listed) => assert_eq!(listed.len(), runs),
        Err(error) => {
            damaged(error);
            well = false;
        }
    }
    well
}

#[test]
fn a_corrupt_page_is_noticed() {
    const RUNS: usize = 200;
    const PAGE: usize = 4096;
    let (directory, path) = populated(RUNS);
    let whole = fs::read(&path).unwrap();
    let noise: Vec<u8> = (0..PAGE).map(|byte| (byte * 7 + byte / 13) as u8).collect();
    let (mut noticed, pages) = (0, whole.len() / PAGE);
    assert!(pages > 30);
    let copy = directory.path().join("copy-runs.db");
    for page in 0..pages {
        let mut damaged = whole.clone();
        damaged[page * PAGE..(page + 1) * PAGE].copy_from_slice(&noise);
        fs::write(&copy, damaged).unwrap();
        let well = match open(&copy) {
            Ok(store) => {
                let well = reads_well(&store, RUNS);
                // A page that nothing was read from, as of an index: looking at all of them finds it.
                assert_error(store.check(), StoreErrorKind::Corrupt, &["damaged"]);
                well
            }
            Err(error) => {
                // The first page has what tells a database from other files.
                let kinds = [StoreErrorKind::Corrupt, StoreErrorKind::Version];
                assert!(kinds.contains(&error.kind()), "page {page}: {error}");
                false
            }
        };
        noticed += usize::from(!well);
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(directory.path().join(format!("copy-runs.db{suffix}")));
        }
    }
    assert!(noticed * 2 > pages, "{noticed} of {pages}");
}

#[test]
fn a_torn_log_loses_the_end_and_nothing_else() {
    const COMMITS: i64 = 40;
    const CUTS: usize = 60;
    let (directory, path) = temporary();
    let store = open(&path).unwrap();
    let owner = join(&store);
    let held = hold(&store, owner, "a");
    for seq in 1..=COMMITS {
        let last = put("last", &seq.to_string());
        store.commit(&[record(held, seq, "1"), last]).unwrap();
    }
    let torn = directory.path().join("torn.db");
    let torn_log = torn.with_extension("db-wal");
    copy(&path.with_extension("db-wal"), &torn_log);
    let whole = fs::read(&torn_log).unwrap();
    let mut left = Vec::new();
    for cut in 0..=CUTS {
        let _ = fs::remove_file(torn.with_extension("db-shm"));
        copy(&path, &torn);
        // Torn off in the middle of a frame, or damaged there and whole after it.
        let at = whole.len() * cut / CUTS;
        let mut bytes = whole.clone();
        match bytes.get_mut(at) {
            Some(byte) if cut % 2 == 1 => *byte ^= 0x55,
            _ => bytes.truncate(at),
        }
        fs::write(&torn_log, bytes).unwrap();
        left.push(recovered(&torn, held.run));
    }
    assert!(
        left.is_sorted() && left[0] == 0 && left[CUTS] == COMMITS,
        "{left:?}"
    );
}

/// How many commits are left in a file: those before, whole, and the run can be gone on with.
fn recovered(path: &std::path::Path, run: RunKey) -> i64 {
    let store = open(path).unwrap();
    store.check().unwrap();
    let last = store.get("cache", "last", 0).unwrap();
    let last: i64 = last.map_or(0, |last| last.parse().unwrap());
    let Some(history) = store.load(run).unwrap() else {
        assert_eq!(last, 0);
        return 0;
    };
    let seqs: Vec<i64> = history.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
    // Who held it does not live here, so that it is released to whoever joins.
    let owner = join(&store);
    let answer = apply(&store, take_up(owner, 1));
    let again = taken(&answer)[0];
    assert!(again.fence > history.run.fence);
    apply(&store, record(again, last + 1, "1")).unwrap();
    last
}
