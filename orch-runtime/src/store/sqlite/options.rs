//! How a file is opened.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::Sqlite;
use super::errors::{Doing, of_system, translate, trouble};
use super::file::DatabaseFile;
use super::owners::Shared;
use super::read::Readers;
use super::schema;
use super::write::Writer;
use crate::store::{StoreError, StoreErrorKind};

/// When what was committed is made to survive the machine.
///
/// The death of the process loses nothing in any of them; they differ in what a loss of power or a crash of the
/// operating system may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Synchronous {
    /// Each commit is on the disk before it is answered: a loss of power loses nothing. The default.
    #[default]
    Full,
    /// A loss of power may take the last commits, and leaves the file in order: what was answered since the last
    /// checkpoint, usually a few seconds, may have to be run again.
    Normal,
    /// A loss of power may leave a file that cannot be read.
    Off,
}

impl Synchronous {
    const fn pragma(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
            Self::Off => "OFF",
        }
    }
}

/// How a file is opened. Made by [`Sqlite::options`].
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    synchronous: Synchronous,
    busy_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

impl SqliteOptions {
    /// When what was committed is made to survive the machine. [`Full`](Synchronous::Full) by default.
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long a lock that another program holds is waited for before the store is busy. 5 s by default.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        // SQLite counts milliseconds in 31 bits.
        self.busy_timeout = timeout.min(Duration::from_millis(i32::MAX as u64));
        self
    }

    /// Opens a file, and makes it if it is not there, on a thread that may block.
    ///
    /// # Errors
    /// If the file cannot be read and written, is of something else or of a later version, or is kept locked.
    pub async fn open(self, path: impl Into<PathBuf>) -> Result<Sqlite, StoreError> {
        let path = path.into();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return self.open_blocking(path);
        };
        let shown = path.clone();
        let opened = runtime.spawn_blocking(move || self.open_blocking(path));
        opened.await.unwrap_or_else(|error| {
            let what = "the runtime ended meanwhile";
            Err(trouble(StoreErrorKind::Io, &shown, Doing::Open, what).because(error))
        })
    }

    /// Opens a file, and makes it if it is not there, on this thread.
    ///
    /// # Errors
    /// If the file cannot be read and written, is of something else or of a later version, or is kept locked.
    pub fn open_blocking(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        let path = std::path::absolute(path.as_ref())
            .map_err(|error| of_system(error, path.as_ref(), Doing::Open))?;
        if let Some(directory) = path.parent()
            && !directory.is_dir()
        {
            let what = format_args!(
                "there is no directory {}; make it first",
                directory.display()
            );
            return Err(trouble(StoreErrorKind::Missing, &path, Doing::Open, what));
        }
        let deadline = Instant::now() + self.busy_timeout;
        let writer = loop {
            match self.connect_writer(&path) {
                // Turning on the log does not wait for locks by itself.
                Err(error) if error.kind() == StoreErrorKind::Busy && Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(10));
                }
                Err(error) if error.kind() == StoreErrorKind::Io => {
                    return Err(reason(&path).unwrap_or(error));
                }
                other => break other?,
            }
        };
        let file = Arc::new(DatabaseFile::opened(&path)?);
        let readers = Readers::new(Arc::clone(&file), self.clone());
        Ok(Sqlite {
            shared: Arc::new(Shared::new(file, readers, Writer::new(writer))),
        })
    }

    fn connect_writer(&self, path: &Path) -> Result<Connection, StoreError> {
        let words = |error| translate(error, path, Doing::Open);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags).map_err(words)?;
        db.busy_timeout(self.busy_timeout).map_err(words)?;
        if db.is_readonly("main").map_err(words)? {
            let what = "this process may not write it; give it the right to write the file and its directory";
            return Err(trouble(StoreErrorKind::ReadOnly, path, Doing::Open, what));
        }
        // Nothing of a file is changed before it is known to be ours.
        schema::version(&db, path)?;
        let mode: String = db
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .map_err(words)?;
        if mode != "wal" {
            let what = "its file system cannot share memory between processes, which the log needs; use a local one";
            return Err(trouble(StoreErrorKind::Io, path, Doing::Open, what));
        }
        self.configure(&db).map_err(words)?;
        schema::prepare(&mut db, path)?;
        Ok(db)
    }

    pub(super) fn connect_reader(&self, path: &Path) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(self.busy_timeout)?;
        self.configure(&db)?;
        Ok(db)
    }

    fn configure(&self, db: &Connection) -> rusqlite::Result<()> {
        db.set_prepared_statement_cache_capacity(128);
        db.pragma_update(None, "synchronous", self.synchronous.pragma())?;
        // Where a plain flush leaves data in the drive's own memory, as on macOS.
        let whole = self.synchronous == Synchronous::Full;
        db.pragma_update(None, "fullfsync", whole)?;
        db.pragma_update(None, "checkpoint_fullfsync", whole)?;
        db.pragma_update(None, "cell_size_check", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.pragma_update(None, "temp_store", "memory")?;
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        // What a burst made of the log is given back.
        db.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        Ok(())
    }
}

/// Why a file could not be opened, where SQLite cannot tell: the files beside it may not be made.
fn reason(path: &Path) -> Option<StoreError> {
    let probe = path.with_added_extension(format!("probe-{}", process::id()));
    match File::create_new(&probe) {
        Ok(_) => {
            // Nobody but this process knows it.
            let _ = fs::remove_file(&probe);
            None
        }
        Err(error) => {
            let error = of_system(error, path, Doing::Open);
            (error.kind() != StoreErrorKind::Io).then_some(error)
        }
    }
}

/// How much of the file a connection keeps in memory at most.
const CACHE_KIB: i64 = 16 * 1024;

/// How large a log that is no longer needed may stay.
const LOG_BYTES: i64 = 64 * 1024 * 1024;
