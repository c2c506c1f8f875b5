//! Both stores do what stores have to do.

use std::cell::RefCell;

use orch_runtime::store::{Memory, Sqlite, Synchronous, conformance};
use tempfile::TempDir;

#[test]
fn memory_conforms() {
    conformance(Memory::new);
}

#[test]
fn sqlite_conforms() {
    let directories: RefCell<Vec<TempDir>> = RefCell::default();
    conformance(|| {
        let directory = tempfile::tempdir().unwrap();
        let options = Sqlite::options().synchronous(Synchronous::Off);
        let store = options.open_blocking(directory.path().join("runs.db"));
        directories.borrow_mut().push(directory);
        store.unwrap()
    });
}
