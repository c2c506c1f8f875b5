//! A store in an SQLite file.

mod errors;
mod file;
mod known;
mod list;
mod lock;
mod options;
mod owners;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod wire;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};

pub use self::options::{SqliteOptions, Synchronous};
use self::owners::Shared;
use super::{
    Applied, Change, Filter, History, Json, Millis, OwnerId, Refused, RunKey, RunRecord,
    SignalRecord, Store, StoreError, Wake,
};

/// A store in an SQLite file.
///
/// The file may be open in several processes of one machine at once, and be read with any SQLite program; it has to
/// lie on a local file system.
/// Beside it lie `<file>-wal` and `<file>-shm` while it is open, and `<file>-owner-<n>` for each orchestrator.
/// `docs/store.md` documents the schema.
///
/// ```no_run
/// # async fn example() -> Result<(), orch_runtime::store::StoreError> {
/// use orch_runtime::store::{Sqlite, Synchronous};
///
/// let store = Sqlite::open("orders.db").await?;
/// let quick = Sqlite::options().synchronous(Synchronous::Normal).open("visits.db").await?;
/// # Ok(()) }
/// ```
pub struct Sqlite {
    shared: Arc<Shared>,
}

impl Sqlite {
    /// Opens a file with the default [options](Self::options), and makes it if it is not there.
    ///
    /// # Errors
    /// If the file cannot be read and written, is of something else or of a later version, or is kept locked.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::options().open(path).await
    }

    /// How to open a file: what is synchronized, and how long a lock of others is waited for.
    #[must_use]
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.shared.file.path()
    }

    /// Reads the whole file to see whether it is damaged.
    ///
    /// It takes as long as reading the file does, and others can go on meanwhile.
    ///
    /// # Errors
    /// If it is damaged, in which case the error says where, or cannot be read.
    pub fn check(&self) -> Result<(), StoreError> {
        self.shared.readers.check()
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        Shared::leave_all(&self.shared);
    }
}

impl Store for Sqlite {
    fn join(&self, wake: Wake) -> Result<OwnerId, StoreError> {
        Shared::join(&self.shared, wake)
    }

    fn leave(&self, owner: OwnerId) -> Result<(), StoreError> {
        Shared::leave(&self.shared, owner)
    }

    fn commit(&self, changes: &[Change]) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
        Shared::commit(&self.shared, |writer, told| writer.commit(changes, told))
    }

    fn commit_with(
        &self,
        changes: &mut Vec<Change>,
        more: &mut dyn FnMut(&mut Vec<Change>) -> bool,
    ) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
        Shared::commit(&self.shared, |writer, told| {
            writer.commit_with(changes, more, told)
        })
    }

    fn find(&self, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        self.shared.readers.read(|db| read::find(db, id))
    }

    fn load(&self, run: RunKey) -> Result<Option<History>, StoreError> {
        self.shared.readers.read(|db| read::load(db, run))
    }

    fn signals(&self, run: RunKey, after: i64) -> Result<Vec<SignalRecord>, StoreError> {
        self.shared.readers.read(|db| read::signals(db, run, after))
    }

    fn list(&self, filter: &Filter) -> Result<Vec<RunRecord>, StoreError> {
        self.shared.readers.read(|db| list::list(db, filter))
    }

    fn next_ready(
        &self,
        workflows: &[(String, Option<u32>)],
    ) -> Result<Option<Millis>, StoreError> {
        self.shared
            .readers
            .read(|db| read::next_ready(db, workflows))
    }

    fn first_ended(&self, status: RunStatus, since: Millis) -> Result<Option<Millis>, StoreError> {
        self.shared
            .readers
            .read(|db| read::first_ended(db, status, since))
    }

    fn get(&self, space: &str, key: &str, now: Millis) -> Result<Option<Json>, StoreError> {
        self.shared.told(now);
        self.shared
            .readers
            .read(|db| read::get(db, space, key, now))
    }

    fn scan(&self, space: &str, now: Millis) -> Result<Vec<(String, Json)>, StoreError> {
        self.shared.told(now);
        self.shared.readers.read(|db| read::scan(db, space, now))
    }

    fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let content = self.shared.readers.read(|db| read::artifact(db, digest))?;
        content
            .map(|content| super::rules::verified(digest, content))
            .transpose()
    }
}
