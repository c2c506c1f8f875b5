//! Who has a file open, and what is left of those who were killed.

use std::sync::Arc;

use orch_runtime::store::{Sqlite, Store as _};

#[test]
fn what_a_process_left_that_was_killed_while_it_joined_keeps_nobody_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let open = || Sqlite::options().open_blocking(&path).unwrap();
    let first = open();
    let owner = first.join(Arc::new(|_| {})).unwrap();
    // It was killed after it had made its file, and before its number was kept: the number is given again.
    let left = directory
        .path()
        .join(format!("runs.db-owner-{}", owner.0 + 1));
    std::fs::write(&left, "").unwrap();
    let second = open();
    let next = second.join(Arc::new(|_| {})).unwrap();
    assert_eq!(next.0, owner.0 + 1);
    assert!(left.exists(), "it is the file of the one that joined");
    second.leave(next).unwrap();
    assert!(!left.exists());
}
