//! Writing: a batch of changes as one transaction.

mod crowd;
mod forget;
mod runs;
mod take_up;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use orch_core::run::RunStatus;
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension as _, params};

use super::known::Known;
use super::wire::Address;
use crate::store::rules::Notices;
use crate::store::{Applied, Change, Entry, Held, Millis, OwnerId, Refused, RunKey};

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    db: Connection,
    known: Known,
}

/// What became of changes.
pub(super) type Answers = Vec<Result<Applied, Refused>>;

/// What a transaction gave, and whom it concerns.
#[derive(Debug)]
pub(super) struct Committed<T> {
    pub(super) value: T,
    pub(super) notices: Notices,
    /// Who has joined, if it concerns anybody.
    pub(super) owners: Option<Arc<BTreeMap<OwnerId, Address>>>,
}

impl Writer {
    pub(super) fn new(db: Connection) -> Self {
        Self {
            db,
            known: Known::default(),
        }
    }

    /// Applies changes in one transaction.
    ///
    /// `told` is the latest time that somebody told.
    pub(super) fn commit(
        &mut self,
        changes: &[Change],
        told: &AtomicI64,
    ) -> rusqlite::Result<Committed<Answers>> {
        self.transaction(|batch| {
            batch.told = told.load(Ordering::Relaxed);
            let answers = changes.iter().map(|change| batch.apply(change)).collect();
            told.store(batch.told, Ordering::Relaxed);
            answers
        })
    }

    /// The same, with the changes that `more` adds while others are applied.
    pub(super) fn commit_with(
        &mut self,
        changes: &mut Vec<Change>,
        more: &mut dyn FnMut(&mut Vec<Change>) -> bool,
        told: &AtomicI64,
    ) -> rusqlite::Result<Committed<Answers>> {
        self.transaction(|batch| {
            batch.told = told.load(Ordering::Relaxed);
            let mut answers = Answers::with_capacity(changes.len());
            loop {
                for change in &changes[answers.len()..] {
                    answers.push(batch.apply(change)?);
                }
                if !more(changes) {
                    break;
                }
            }
            told.store(batch.told, Ordering::Relaxed);
            Ok(answers)
        })
    }

    /// Does some work in one transaction: all of it, or nothing if it fails.
    pub(super) fn transaction<T, E: From<rusqlite::Error>>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, E>,
    ) -> Result<Committed<T>, E> {
        // What a panic left open, if anything.
        self.roll_back()?;
        let done = self.attempt(work);
        if done.is_err() {
            // SQLite may have rolled it back by itself already.
            self.known.forget();
            // Where even this fails, it is tried again before the next transaction.
            let _ = self.roll_back();
        }
        done
    }

    /// Ends a transaction that was not committed, if there is one, and forgets what was known in it.
    fn roll_back(&mut self) -> rusqlite::Result<()> {
        if self.db.is_autocommit() {
            return Ok(());
        }
        self.known.forget();
        self.db.execute_batch("ROLLBACK")
    }

    fn attempt<T, E: From<rusqlite::Error>>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, E>,
    ) -> Result<Committed<T>, E> {
        let Self { db, known } = self;
        db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        known.refresh(db)?;
        let mut batch = Batch {
            db,
            known,
            notices: Notices::default(),
            told: Millis::MIN,
            announce: false,
            often: Often::default(),
        };
        let value = work(&mut batch)?;
        let Batch {
            known,
            notices,
            announce,
            ..
        } = batch;
        let concerns = announce || notices.concern_others();
        let owners = match concerns {
            true => Some(Arc::clone(known.owners(db)?)),
            false => None,
        };
        db.prepare_cached("COMMIT")?.execute([])?;
        Ok(Committed {
            value,
            notices,
            owners,
        })
    }
}

/// A transaction that is under way.
pub(super) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) known: &'a mut Known,
    pub(super) notices: Notices,
    /// The latest time that somebody told.
    told: Millis,
    /// Whether all who have joined are to be known afterwards.
    pub(super) announce: bool,
    often: Often<'a>,
}

/// The statements that most changes are made with: looking one up each time would cost as much as binding its values.
#[derive(Default)]
struct Often<'a> {
    inserts: Option<CachedStatement<'a>>,
    gives: Option<CachedStatement<'a>>,
    adds: Option<CachedStatement<'a>>,
    ends: Option<CachedStatement<'a>>,
}

/// The statement that is kept here, prepared when it is first asked for.
fn once<'s, 'a>(
    kept: &'s mut Option<CachedStatement<'a>>,
    db: &'a Connection,
    sql: &'static str,
) -> rusqlite::Result<&'s mut CachedStatement<'a>> {
    match kept {
        Some(statement) => Ok(statement),
        None => Ok(kept.insert(db.prepare_cached(sql)?)),
    }
}

/// Why a change is not applied: it is refused, or the whole transaction fails.
#[derive(Debug)]
enum Stop {
    Refused(Refused),
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// How a run that is looked at before it is changed stands.
struct Standing {
    status: RunStatus,
    owner: Option<OwnerId>,
    fence: i64,
}

impl Batch<'_> {
    fn apply(&mut self, change: &Change) -> rusqlite::Result<Result<Applied, Refused>> {
        match self.try_apply(change) {
            Ok(applied) => Ok(Ok(applied)),
            Err(Stop::Refused(refused)) => Ok(Err(refused)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn try_apply(&mut self, change: &Change) -> Result<Applied, Stop> {
        match change {
            Change::Start(new) => self.start(new),
            Change::Record { held, entries } => {
                self.holds(*held)?;
                self.record(held.run, entries)?;
                Ok(Applied::Done)
            }
            Change::Suspend { .. } => self.suspend(change),
            Change::End { .. } => self.end(change),
            Change::TakeUp {
                owner,
                workflows,
                now,
                limit,
            } => self.take_up(*owner, workflows, *now, *limit),
            Change::TakeUpOne { owner, run } => self.take_up_one(*owner, *run),
            Change::Release { owner, now } => {
                self.release(*owner, *now)?;
                Ok(Applied::Done)
            }
            Change::Signal { .. } => self.signal(change),
            Change::Rewind {
                run,
                drop,
                entries,
                deadline,
                now,
            } => self.rewind(*run, drop, entries, (*deadline, *now)),
            Change::Delete { run } => self.delete(*run),
            Change::Prune {
                statuses,
                before,
                limit,
            } => self.prune(statuses, *before, *limit),
            Change::Put {
                space,
                key,
                value,
                expires_at,
            } => self.put(space, key, value, *expires_at),
            Change::Remove { space, key } => {
                self.statement("DELETE FROM kept WHERE space = ?1 AND key = ?2")?
                    .execute(params![space, key])?;
                Ok(Applied::Done)
            }
            Change::PutArtifact { run, artifact } => {
                self.standing(*run)?;
                self.keep_artifact(*run, artifact)?;
                Ok(Applied::Done)
            }
        }
    }

    fn statement(&self, sql: &'static str) -> rusqlite::Result<CachedStatement<'_>> {
        self.db.prepare_cached(sql)
    }

    /// Does several things, or none of them if they are refused.
    fn together<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        self.statement("SAVEPOINT together")?.execute([])?;
        let done = work(self);
        if matches!(done, Err(Stop::Refused(_))) {
            self.statement("ROLLBACK TO together")?.execute([])?;
        }
        self.statement("RELEASE together")?.execute([])?;
        done
    }

    fn joined(&mut self, owner: OwnerId) -> Result<(), Stop> {
        if self.known.owners(self.db)?.contains_key(&owner) {
            Ok(())
        } else {
            Err(Refused::NotJoined(owner).into())
        }
    }

    fn standing(&self, run: RunKey) -> Result<Standing, Stop> {
        let standing = self
            .statement("SELECT status, owner, fence FROM runs WHERE key = ?1")?
            .query_row([run.0], |row| {
                Ok(Standing {
                    status: super::read::status(row, 0)?,
                    owner: row.get::<_, Option<i64>>(1)?.map(OwnerId),
                    fence: row.get(2)?,
                })
            })
            .optional()?;
        standing.ok_or_else(|| Refused::NoRun(run).into())
    }

    /// Fails unless the run is held under this right.
    fn holds(&mut self, held: Held) -> Result<(), Stop> {
        if self.known.holds(held) {
            return Ok(());
        }
        let standing = self.standing(held.run)?;
        match standing.owner {
            Some(owner) if standing.fence == held.fence => {
                self.known.taken(held, owner);
                Ok(())
            }
            _ => {
                let fence = standing.fence;
                Err(Refused::Fenced { held, fence }.into())
            }
        }
    }

    /// Adds entries to a run, or none of them.
    fn record(&mut self, run: RunKey, entries: &[Entry]) -> Result<(), Stop> {
        match entries {
            [] => Ok(()),
            [entry] => self.add(run, entry),
            _ => self.together(|batch| entries.iter().try_for_each(|entry| batch.add(run, entry))),
        }
    }

    fn add(&mut self, run: RunKey, entry: &Entry) -> Result<(), Stop> {
        const ADD: &str = "INSERT INTO entries (run, seq, node, kind, value, item, at) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let added = once(&mut self.often.adds, self.db, ADD)?.execute(params![
            run.0,
            entry.seq,
            entry.node,
            entry.kind.as_str(),
            entry.value,
            entry.item,
            entry.at,
        ]);
        match added {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                let seq = entry.seq;
                Err(Refused::Recorded { run, seq }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn put(
        &self,
        space: &str,
        key: &str,
        value: &str,
        expires_at: Option<Millis>,
    ) -> Result<Applied, Stop> {
        const PUT: &str = "INSERT INTO kept (space, key, value, expires_at) VALUES (?1, ?2, ?3, ?4) \
                           ON CONFLICT DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
        // Two go for each that comes, so that what has expired never piles up.
        const SWEEP: &str = "DELETE FROM kept WHERE (space, key) IN \
                             (SELECT space, key FROM kept WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 2)";
        self.statement(SWEEP)?.execute([self.told])?;
        self.statement(PUT)?
            .execute(params![space, key, value, expires_at])?;
        Ok(Applied::Done)
    }
}
