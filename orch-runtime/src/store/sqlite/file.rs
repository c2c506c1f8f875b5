//! The file itself: where it is, and whether it is still the one that was opened.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::errors::{Doing, of_system, trouble};
use crate::store::{StoreError, StoreErrorKind};

/// What tells a file from one that was put in its place.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = ();

/// The database and its write-ahead log, as they were when they were opened.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    log: PathBuf,
    identity: Identity,
    log_identity: Identity,
    opened: Instant,
    /// How long after that it was last found to be the same, in nanoseconds; [`NEVER`] if it was not.
    seen: AtomicU64,
}

const NEVER: u64 = u64::MAX;

/// How long what was found of the file is taken to hold.
const FRESH: Duration = Duration::from_millis(1);

impl DatabaseFile {
    /// Takes note of an open database at this path.
    pub(super) fn opened(path: &Path) -> Result<Self, StoreError> {
        let known = || {
            let path = path.canonicalize()?;
            let log = beside(&path, "-wal");
            Ok(Self {
                identity: identity(&path)?,
                log_identity: identity(&log)?,
                path,
                log,
                opened: Instant::now(),
                seen: AtomicU64::new(NEVER),
            })
        };
        known().map_err(|error| of_system(error, path, Doing::Open))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file beside the database, whose name begins with the database's.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        beside(&self.path, suffix)
    }

    /// Fails as [`check`](Self::check) does, without looking at the file if that was done just now.
    pub(super) fn check_lately(&self, doing: Doing) -> Result<(), StoreError> {
        let seen = self.seen.load(Ordering::Relaxed);
        let since = self.opened.elapsed();
        if seen != NEVER && since.saturating_sub(Duration::from_nanos(seen)) < FRESH {
            return Ok(());
        }
        self.check(doing)
    }

    /// Fails if the database or its log was deleted, moved or replaced: SQLite would go on with files that nobody
    /// finds again.
    pub(super) fn check(&self, doing: Doing) -> Result<(), StoreError> {
        self.seen.store(NEVER, Ordering::Relaxed);
        for (path, known) in [
            (&self.path, &self.identity),
            (&self.log, &self.log_identity),
        ] {
            let what = match identity(path) {
                Ok(found) if found == *known => continue,
                Ok(_) => "was replaced by another file while it was open",
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    "was deleted or moved while it was open"
                }
                Err(error) => return Err(of_system(error, &self.path, doing)),
            };
            return Err(trouble(
                StoreErrorKind::Missing,
                &self.path,
                doing,
                format_args!(
                    "{} {what}; what was not written since is lost here: put it back or choose another, and start again",
                    path.display()
                ),
            ));
        }
        let seen = u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(NEVER);
        self.seen.store(seen, Ordering::Relaxed);
        Ok(())
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(drop)
}
