//! The lock that an owner holds as long as it lives.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;

use super::file::DatabaseFile;

/// A lock on an owner's file, which is removed with it.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// None where the file is gone already.
    _file: Option<File>,
}

/// Whether an owner lives.
#[derive(Debug)]
pub(super) enum Pulse {
    Alive,
    Dead(Option<Lock>),
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Before it is unlocked, so that nobody locks a file that is about to go. Another may have removed it.
        let _ = fs::remove_file(&self.path);
    }
}

impl Lock {
    /// Where an owner's file is.
    pub(super) fn path(database: &DatabaseFile, owner: i64) -> PathBuf {
        database.beside(&format!("-owner-{owner}"))
    }

    /// Makes an owner's file and locks it.
    ///
    /// To be called in a transaction that writes, so that whoever else has it locked is about to let go: a process
    /// that was killed before the owner's number was kept, so that the number is given anew.
    pub(super) fn make(database: &DatabaseFile, owner: i64) -> Result<Self, (io::Error, PathBuf)> {
        let path = Self::path(database, owner);
        let locked = || {
            loop {
                let file = open(&path, true)?;
                lock(&file)?;
                // Whoever had it locked may have removed it before letting go.
                if path.try_exists()? {
                    return Ok(file);
                }
            }
        };
        match locked() {
            Ok(file) => Ok(Self {
                path,
                _file: Some(file),
            }),
            Err(error) => Err((error, path)),
        }
    }

    /// Finds out whether an owner lives, without waiting.
    pub(super) fn feel(database: &DatabaseFile, owner: i64) -> Pulse {
        let path = Self::path(database, owner);
        let file = match open(&path, false) {
            Ok(file) => file,
            // Of a database that was copied, for example.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Pulse::Dead(None),
            Err(_) => return Pulse::Alive,
        };
        match file.try_lock() {
            Ok(()) => Pulse::Dead(Some(Self {
                path,
                _file: Some(file),
            })),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => Pulse::Alive,
        }
    }

    /// Waits for an owner's end.
    pub(super) fn wait(path: PathBuf) -> io::Result<Self> {
        let file = match open(&path, false) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, _file: None });
            }
            Err(error) => return Err(error),
        };
        lock(&file)?;
        Ok(Self {
            path,
            _file: Some(file),
        })
    }

    /// The files of owners that nobody knows and that do not live: what was left when a process was killed while it
    /// joined or left.
    ///
    /// To be called in a transaction that writes, so that nobody is joining.
    pub(super) fn left_over(database: &DatabaseFile, known: impl Fn(i64) -> bool) -> Vec<Self> {
        let stem = Self::path(database, 0);
        let stem = stem.file_name().map(|name| name.to_string_lossy());
        let Some(prefix) = stem.as_deref().and_then(|stem| stem.strip_suffix('0')) else {
            return Vec::new();
        };
        let directory = database.path().parent().map(fs::read_dir);
        let Some(Ok(files)) = directory else {
            return Vec::new();
        };
        let owners = files.filter_map(|file| {
            let name = file.ok()?.file_name();
            let owner = name.to_string_lossy().strip_prefix(prefix)?.parse().ok()?;
            if known(owner) {
                return None;
            }
            match Self::feel(database, owner) {
                Pulse::Dead(lock) => lock,
                Pulse::Alive => None,
            }
        });
        owners.collect()
    }
}

/// Locks a file, and waits for as long as another has it locked.
fn lock(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            locked => return locked,
        }
    }
}

fn open(path: &PathBuf, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(create)
        .truncate(false);
    options.open(path)
}
