//! Reading: records from rows, on connections that only read.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use orch_core::run::{RunId, RunStatus};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::errors::{Doing, translate, trouble};
use super::file::DatabaseFile;
use super::options::SqliteOptions;
use crate::store::{
    Entry, EntryKind, History, Json, Millis, OwnerId, RunKey, RunRecord, SignalRecord, StoreError,
    StoreErrorKind,
};

/// Connections that only read.
#[derive(Debug)]
pub(super) struct Readers {
    file: Arc<DatabaseFile>,
    options: SqliteOptions,
    pool: Mutex<Pool>,
    /// A connection is used no longer.
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Pool {
    idle: Vec<Connection>,
    in_use: usize,
}

/// How many connections read at the same time at most. Opening one reads the whole schema, which costs more than most
/// questions: those who find all in use wait.
const CONNECTIONS: usize = 4;

/// The right to use a connection, and the connection if one is open and in order.
struct Loan<'a> {
    readers: &'a Readers,
    db: Option<Connection>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.lock();
        pool.in_use -= 1;
        pool.idle.extend(self.db.take());
        drop(pool);
        self.readers.returned.notify_one();
    }
}

impl Readers {
    pub(super) fn new(file: Arc<DatabaseFile>, options: SqliteOptions) -> Self {
        Self {
            file,
            options,
            pool: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    /// Reads the file as it is at one moment.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.file.check_lately(Doing::Read)?;
        let words = |error| translate(error, self.file.path(), Doing::Read);
        let mut loan = self.borrow();
        let db = match loan.db.take() {
            Some(db) => db,
            None => self.connect()?,
        };
        let at_once = || {
            let moment = db.unchecked_transaction()?;
            let value = read(&moment)?;
            moment.commit()?;
            Ok(value)
        };
        // A connection that failed is not used again.
        let value = at_once().map_err(words)?;
        loan.db = Some(db);
        Ok(value)
    }

    fn borrow(&self) -> Loan<'_> {
        let all_used = |pool: &mut Pool| pool.in_use == CONNECTIONS;
        let waited = self.returned.wait_while(self.lock(), all_used);
        let mut pool = waited.unwrap_or_else(PoisonError::into_inner);
        pool.in_use += 1;
        Loan {
            readers: self,
            db: pool.idle.pop(),
        }
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let path = self.file.path();
        let db = self.options.connect_reader(path);
        // What is found at the path now may be another file.
        self.file.check(Doing::Read)?;
        db.map_err(|error| translate(error, path, Doing::Read))
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at every page.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let found: Vec<String> = self.read(|db| {
            let mut statement = db.prepare("PRAGMA integrity_check(10)")?;
            let lines = statement.query_map([], |row| row.get(0))?;
            lines.collect()
        })?;
        if found == ["ok"] {
            return Ok(());
        }
        let what = format_args!("it is damaged: {}", found.join("; "));
        Err(trouble(
            StoreErrorKind::Corrupt,
            self.file.path(),
            Doing::Read,
            what,
        ))
    }
}

const RUN: &str = "SELECT key, id, workflow, version, fingerprint, status, value, output, error, correlation_id, \
                   parent, priority, owner, fence, started_at, ended_at, ready_at, deadline, reason \
                   FROM runs LEFT JOIN inputs ON run = key ";

fn run(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let id: Arc<str> = row.get(1)?;
    let correlation_id: Option<String> = row.get(9)?;
    Ok(RunRecord {
        key: RunKey(row.get(0)?),
        workflow: row.get(2)?,
        version: row.get(3)?,
        fingerprint: row.get(4)?,
        status: status(row, 5)?,
        input: row.get(6)?,
        output: row.get(7)?,
        error: row.get(8)?,
        correlation_id: correlation_id.unwrap_or_else(|| id.as_ref().to_owned()),
        id: RunId::new(id),
        parent: row.get::<_, Option<Arc<str>>>(10)?.map(RunId::new),
        priority: row.get(11)?,
        owner: row.get::<_, Option<i64>>(12)?.map(OwnerId),
        fence: row.get(13)?,
        started_at: row.get(14)?,
        ended_at: row.get(15)?,
        ready_at: row.get(16)?,
        deadline: row.get(17)?,
        reason: row.get(18)?,
    })
}

/// The status in a column.
pub(super) fn status(row: &Row<'_>, column: usize) -> rusqlite::Result<RunStatus> {
    let word = row.get_ref(column)?.as_str()?;
    RunStatus::parse(word).ok_or_else(|| unknown(column, "status", word))
}

fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<EntryKind> {
    let word = row.get_ref(column)?.as_str()?;
    EntryKind::parse(word).ok_or_else(|| unknown(column, "kind of entry", word))
}

fn unknown(column: usize, what: &str, word: &str) -> rusqlite::Error {
    let reason = format!("there is no {what} {word:?}");
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, reason.into())
}

pub(super) fn find(db: &Connection, id: &RunId) -> rusqlite::Result<Option<RunRecord>> {
    db.prepare_cached(&format!("{RUN} WHERE id = ?1"))?
        .query_row([id.as_str()], run)
        .optional()
}

pub(super) fn run_of(db: &Connection, key: RunKey) -> rusqlite::Result<Option<RunRecord>> {
    db.prepare_cached(&format!("{RUN} WHERE key = ?1"))?
        .query_row([key.0], run)
        .optional()
}

pub(super) fn load(db: &Connection, key: RunKey) -> rusqlite::Result<Option<History>> {
    let Some(run) = run_of(db, key)? else {
        return Ok(None);
    };
    let mut statement = db.prepare_cached(
        "SELECT seq, node, kind, value, item, at FROM entries WHERE run = ?1 ORDER BY seq",
    )?;
    let entries = statement.query_map([key.0], |row| {
        Ok(Entry {
            seq: row.get(0)?,
            node: row.get(1)?,
            kind: kind(row, 2)?,
            value: row.get(3)?,
            item: row.get(4)?,
            at: row.get(5)?,
        })
    })?;
    Ok(Some(History {
        run,
        entries: entries.collect::<rusqlite::Result<_>>()?,
        signals: signals(db, key, 0)?,
    }))
}

pub(super) fn signals(
    db: &Connection,
    run: RunKey,
    after: i64,
) -> rusqlite::Result<Vec<SignalRecord>> {
    let mut statement = db.prepare_cached(
        "SELECT number, name, event, value, at FROM signals WHERE run = ?1 AND number > ?2 ORDER BY number",
    )?;
    let signals = statement.query_map([run.0, after], |row| {
        Ok(SignalRecord {
            number: row.get(0)?,
            name: row.get(1)?,
            event: row.get(2)?,
            value: row.get(3)?,
            at: row.get(4)?,
        })
    })?;
    signals.collect()
}

/// When the first run of a status ended, at a time or later, children left aside.
pub(super) fn first_ended(
    db: &Connection,
    status: RunStatus,
    since: Millis,
) -> rusqlite::Result<Option<Millis>> {
    const FIRST: &str = "SELECT min(ended_at) FROM runs WHERE status = ?1 AND ended_at >= ?2 \
                         AND ended_at IS NOT NULL AND parent IS NULL";
    db.prepare_cached(FIRST)?
        .query_row((status.as_str(), since), |row| row.get(0))
}

/// How many more runs of a workflow may be held.
pub(super) fn room(db: &Connection, workflow: &str, most: u32) -> rusqlite::Result<usize> {
    const HELD: &str = "SELECT count(*) FROM (SELECT 1 FROM runs \
                        WHERE workflow = ?1 AND status = 'running' AND owner > 0 LIMIT ?2)";
    let held: u32 = db
        .prepare_cached(HELD)?
        .query_row(params![workflow, most], |row| row.get(0))?;
    Ok(usize::try_from(most.saturating_sub(held)).unwrap_or(usize::MAX))
}

pub(super) fn next_ready(
    db: &Connection,
    workflows: &[(String, Option<u32>)],
) -> rusqlite::Result<Option<Millis>> {
    const AT_ONCE: &str = "SELECT EXISTS (SELECT 1 FROM runs WHERE ready_at IS NOT NULL AND workflow = ?1 AND timed = 0)";
    const NEXT: &str = "SELECT priority, ready_at FROM runs WHERE ready_at IS NOT NULL AND workflow = ?1 \
                        AND timed = 1 AND priority > ?2 ORDER BY priority, ready_at LIMIT 1";
    let mut first: Option<Millis> = None;
    for (workflow, most) in workflows {
        if let Some(most) = most
            && room(db, workflow, *most)? == 0
        {
            continue;
        }
        if db
            .prepare_cached(AT_ONCE)?
            .query_row([workflow], |row| row.get(0))?
        {
            return Ok(Some(0));
        }
        let mut priority = -1;
        while let Some((found, at)) = db
            .prepare_cached(NEXT)?
            .query_row(params![workflow, priority], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Millis>(1)?))
            })
            .optional()?
        {
            priority = found;
            first = Some(first.map_or(at, |first| first.min(at)));
        }
    }
    Ok(first)
}

pub(super) fn get(
    db: &Connection,
    space: &str,
    key: &str,
    now: Millis,
) -> rusqlite::Result<Option<Json>> {
    db.prepare_cached(
        "SELECT value FROM kept WHERE space = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
    )?
    .query_row(params![space, key, now], |row| row.get(0))
    .optional()
}

pub(super) fn scan(
    db: &Connection,
    space: &str,
    now: Millis,
) -> rusqlite::Result<Vec<(String, Json)>> {
    let mut statement = db.prepare_cached(
        "SELECT key, value FROM kept WHERE space = ?1 AND (expires_at IS NULL OR expires_at > ?2) ORDER BY key",
    )?;
    let kept = statement.query_map(params![space, now], |row| Ok((row.get(0)?, row.get(1)?)))?;
    kept.collect()
}

/// Who has joined.
pub(super) fn owners(db: &Connection) -> rusqlite::Result<Vec<OwnerId>> {
    let mut statement = db.prepare_cached("SELECT id FROM owners")?;
    let owners = statement.query_map([], |row| Ok(OwnerId(row.get(0)?)))?;
    owners.collect()
}

pub(super) fn artifact(db: &Connection, digest: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    db.prepare_cached("SELECT content FROM artifacts WHERE digest = ?1")?
        .query_row([digest], |row| row.get(0))
        .optional()
}
