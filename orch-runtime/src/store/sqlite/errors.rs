//! What SQLite and the file system say, in words that tell what to do.

use std::fmt::Display;
use std::io;
use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::store::{StoreError, StoreErrorKind};

/// What was tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Doing {
    Open,
    Read,
    Write,
}

impl Doing {
    fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// The error of this kind, about this file.
pub(super) fn trouble(
    kind: StoreErrorKind,
    path: &Path,
    doing: Doing,
    what: impl Display,
) -> StoreError {
    StoreError::new(
        kind,
        format!("cannot {} {}: {what}", doing.words(), path.display()),
    )
}

/// The error that says what SQLite said.
pub(super) fn translate(error: Error, path: &Path, doing: Doing) -> StoreError {
    let (kind, what) = meaning(&error, doing);
    let kind = match (kind, doing) {
        // A file whose first bytes are wrong when it is opened is somebody else's; later it was damaged.
        (StoreErrorKind::Version, Doing::Read | Doing::Write) => StoreErrorKind::Corrupt,
        (kind, _) => kind,
    };
    trouble(kind, path, doing, what).because(error)
}

fn meaning(error: &Error, doing: Doing) -> (StoreErrorKind, &'static str) {
    match error {
        Error::SqliteFailure(failure, _) => of_code(failure.code, doing),
        Error::FromSqlConversionFailure(..)
        | Error::InvalidColumnType(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..)
        | Error::QueryReturnedNoRows => (StoreErrorKind::Corrupt, DAMAGED),
        _ => (StoreErrorKind::Io, "SQLite refused what it was asked"),
    }
}

const DAMAGED: &str = "it is damaged; restore it from a copy, or save what can be saved with `sqlite3 <file> .recover`";

fn of_code(code: ErrorCode, doing: Doing) -> (StoreErrorKind, &'static str) {
    match code {
        ErrorCode::DiskFull => (
            StoreErrorKind::Full,
            "there is no room left on the disk; free some",
        ),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => (
            StoreErrorKind::ReadOnly,
            "this process may not write it; give it the right to write the file and its directory",
        ),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => (
            StoreErrorKind::Busy,
            "another program kept it locked for longer than the busy timeout; see what has it open",
        ),
        ErrorCode::DatabaseCorrupt => (StoreErrorKind::Corrupt, DAMAGED),
        ErrorCode::NotADatabase => match doing {
            Doing::Open => (
                StoreErrorKind::Version,
                "it is no SQLite database; give another path",
            ),
            Doing::Read | Doing::Write => (StoreErrorKind::Corrupt, DAMAGED),
        },
        ErrorCode::CannotOpen => (
            StoreErrorKind::Io,
            "it could not be opened; see that it is a file, in a directory that this process may write",
        ),
        ErrorCode::SystemIoFailure => (
            StoreErrorKind::Io,
            "reading or writing failed; see the disk and its file system",
        ),
        ErrorCode::TooBig => (
            StoreErrorKind::Io,
            "a value is larger than SQLite keeps; keep it as an artifact or elsewhere",
        ),
        ErrorCode::OutOfMemory => (StoreErrorKind::Io, "there is no memory left"),
        ErrorCode::Unknown => (
            StoreErrorKind::Corrupt,
            "its tables are not what this version expects; restore it from a copy",
        ),
        _ => (StoreErrorKind::Io, "SQLite refused what it was asked"),
    }
}

/// The error that says what the file system said.
pub(super) fn of_system(error: io::Error, path: &Path, doing: Doing) -> StoreError {
    let (kind, what) = match error.kind() {
        io::ErrorKind::NotFound => (StoreErrorKind::Missing, "it is not there"),
        io::ErrorKind::PermissionDenied => (
            StoreErrorKind::ReadOnly,
            "this process may not; give it the right to write the file and its directory",
        ),
        io::ErrorKind::ReadOnlyFilesystem => {
            (StoreErrorKind::ReadOnly, "its file system may only be read")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            StoreErrorKind::Full,
            "there is no room left on the disk; free some",
        ),
        _ => (StoreErrorKind::Io, "the file system refused it"),
    };
    trouble(kind, path, doing, what).because(error)
}
