//! What happens to one run.

use orch_core::run::{RunId, RunStatus};
use rusqlite::{OptionalExtension as _, params};

use super::{Batch, Stop, once};
use crate::store::rules::{self, Room};
use crate::store::sqlite::read;
use crate::store::{Applied, Change, Entry, Held, Millis, NewRun, OwnerId, Refused, RunKey};

impl Batch<'_> {
    pub(super) fn start(&mut self, new: &NewRun) -> Result<Applied, Stop> {
        // What is there already is there for everybody.
        if let Some(started) = self.started(new)? {
            return Ok(started);
        }
        if let Some(owner) = new.owner {
            self.joined(owner)?;
        }
        let room = self.room_for(new)?;
        let alone =
            new.entries.is_empty() && new.artifacts.is_empty() && new.artifacts_of.is_none();
        let run = if alone {
            self.insert(new)?
        } else {
            self.together(|batch| {
                let run = batch.insert(new)?;
                batch.record(run, &new.entries)?;
                for artifact in &new.artifacts {
                    batch.keep_artifact(run, artifact)?;
                }
                if let Some(other) = new.artifacts_of {
                    batch.keep_artifacts_of(run, other)?;
                }
                Ok(run)
            })?
        };
        let (mut status, fence) = standing_of(new);
        let held = Held { run, fence };
        match (room, new.owner) {
            (Room::Ends(ended), _) => {
                self.end_at_once(run, new)?;
                status = ended;
            }
            (_, Some(owner)) => self.known.taken(held, owner),
            (_, None) => self.notices.ready = true,
        }
        if let Room::After(oldest) = room {
            self.ask_for_room(oldest, new)?;
        }
        Ok(Applied::Started {
            held,
            fresh: true,
            status,
        })
    }

    /// Keeps a new run, of whose id there is none.
    fn insert(&mut self, new: &NewRun) -> Result<RunKey, Stop> {
        // Selected values would go through a table of their own, and each page through a copy, should one be refused.
        const INSERT: &str = "INSERT INTO runs (id, workflow, version, fingerprint, status, owner, fence, priority, \
                              ready_at, timed, started_at, deadline, correlation_id, parent) \
                              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12, ?13)";
        const INPUT: &str = "INSERT INTO inputs (run, value) VALUES (?1, ?2)";
        let (status, fence) = standing_of(new);
        // One that is its id is that anyway, and an index less to write.
        let correlation_id = new.correlation_id.as_deref();
        let correlation_id = correlation_id.filter(|other| *other != new.id.as_str());
        let inserts = once(&mut self.often.inserts, self.db, INSERT)?;
        inserts.execute(params![
            new.id.as_str(),
            new.workflow,
            new.version,
            new.fingerprint,
            status.as_str(),
            new.owner.map(|owner| owner.0),
            fence,
            new.priority,
            new.owner.is_none().then_some(new.at),
            new.at,
            new.deadline,
            correlation_id,
            new.parent.as_ref().map(RunId::as_str),
        ])?;
        let run = self.db.last_insert_rowid();
        let gives = once(&mut self.often.gives, self.db, INPUT)?;
        gives.execute(params![run, new.input])?;
        Ok(RunKey(run))
    }

    /// What is answered of a run that was there already.
    fn started(&self, new: &NewRun) -> Result<Option<Applied>, Stop> {
        let started = self
            .statement("SELECT key, fence, status FROM runs WHERE id = ?1")?
            .query_row([new.id.as_str()], |row| {
                let held = Held {
                    run: RunKey(row.get(0)?),
                    fence: row.get(1)?,
                };
                let status = read::status(row, 2)?;
                Ok(Applied::Started {
                    held,
                    fresh: false,
                    status,
                })
            });
        Ok(started.optional()?)
    }

    pub(super) fn suspend(&mut self, change: &Change) -> Result<Applied, Stop> {
        const UNSEEN: &str = "SELECT owner FROM runs WHERE key = ?1 \
                              AND EXISTS (SELECT 1 FROM signals WHERE run = ?1 AND number > ?2)";
        const SUSPEND: &str = "UPDATE runs SET status = ?2, owner = NULL, fence = fence + 1, ready_at = ?3, \
                               timed = 1, reason = ?4 WHERE key = ?1";
        let Change::Suspend {
            held,
            entries,
            status,
            ready_at,
            seen,
            reason,
        } = change
        else {
            return Ok(Applied::Done);
        };
        self.holds(*held)?;
        if !rules::can_rest(*status) {
            return Err(Refused::Status(*status).into());
        }
        self.record(held.run, entries)?;
        let unseen: Option<i64> = self
            .statement(UNSEEN)?
            .query_row([held.run.0, *seen], |row| row.get(0))
            .optional()?;
        if let Some(owner) = unseen {
            return Ok(Applied::Signalled {
                run: held.run,
                fresh: true,
                owner: Some(OwnerId(owner)),
            });
        }
        self.statement(SUSPEND)?
            .execute(params![held.run.0, status.as_str(), ready_at, reason])?;
        self.notices.ready |= *status == RunStatus::Queued && ready_at.is_some();
        let is_over = *status == RunStatus::Parked;
        self.let_go(held.run, is_over)?;
        Ok(Applied::Done)
    }

    pub(super) fn end(&mut self, change: &Change) -> Result<Applied, Stop> {
        const END: &str = "UPDATE runs SET status = ?2, owner = NULL, fence = fence + 1, output = ?3, error = ?4, \
                           ended_at = ?5 WHERE key = ?1";
        let Change::End {
            held,
            entries,
            status,
            output,
            error,
            at,
        } = change
        else {
            return Ok(Applied::Done);
        };
        self.holds(*held)?;
        if !status.is_ended() {
            return Err(Refused::Status(*status).into());
        }
        self.record(held.run, entries)?;
        let ends = once(&mut self.often.ends, self.db, END)?;
        ends.execute(params![held.run.0, status.as_str(), output, error, at])?;
        self.let_go(held.run, true)?;
        Ok(Applied::Done)
    }

    /// A run is no longer held: others may wait for its end, and one that a limit kept waiting may have become ready for
    /// them.
    fn let_go(&mut self, run: RunKey, is_over: bool) -> Result<(), Stop> {
        const WAITING: &str = "SELECT EXISTS (SELECT 1 FROM runs WHERE ready_at IS NOT NULL \
                               AND workflow = (SELECT workflow FROM runs WHERE key = ?1))";
        let holder = self.known.let_go(run);
        if self.known.owners(self.db)?.len() < 2 {
            return Ok(());
        }
        if let (true, Some(holder)) = (is_over, holder) {
            self.notices.over.push((holder, run));
        }
        if !self.notices.ready {
            let waiting = self
                .statement(WAITING)?
                .query_row([run.0], |row| row.get(0))?;
            self.notices.ready = waiting;
        }
        Ok(())
    }

    pub(super) fn signal(&mut self, change: &Change) -> Result<Applied, Stop> {
        const FIND: &str = "SELECT key, status, owner FROM runs WHERE id = ?1";
        const ADD: &str = "INSERT INTO signals (run, name, event, value, at) SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS \
                           (SELECT 1 FROM signals WHERE run = ?1 AND name = ?2 AND event = ?3)";
        const WAKE: &str = "UPDATE runs SET ready_at = ?2, timed = 0 \
                            WHERE key = ?1 AND (timed = 1 OR ready_at IS NULL)";
        let Change::Signal {
            run: id,
            name,
            event,
            value,
            at,
        } = change
        else {
            return Ok(Applied::Done);
        };
        let found = self
            .statement(FIND)?
            .query_row([id.as_str()], |row| {
                let status = read::status(row, 1)?;
                Ok((row.get(0)?, status, row.get::<_, Option<i64>>(2)?))
            })
            .optional()?;
        let (run, status, owner): (i64, _, _) =
            found.ok_or_else(|| Refused::NoRunOf(id.clone()))?;
        let owner = owner.map(OwnerId);
        if status.is_ended() {
            return Err(Refused::Ended(status).into());
        }
        let added = self
            .statement(ADD)?
            .execute(params![run, name, event, value, at])?;
        let fresh = added > 0;
        match owner {
            _ if !fresh => {}
            Some(owner) => self.notices.signals.push((owner, RunKey(run))),
            None => {
                self.statement(WAKE)?.execute([run, *at])?;
                self.notices.ready = true;
            }
        }
        Ok(Applied::Signalled {
            run: RunKey(run),
            fresh,
            owner,
        })
    }

    pub(super) fn rewind(
        &mut self,
        run: RunKey,
        drop: &[i64],
        entries: &[Entry],
        (deadline, now): (Option<Millis>, Millis),
    ) -> Result<Applied, Stop> {
        const DROP: &str = "DELETE FROM entries WHERE run = ?1 AND seq = ?2";
        const QUEUE: &str = "UPDATE runs SET status = 'queued', ended_at = NULL, output = NULL, error = NULL, \
                             ready_at = ?2, timed = 0, deadline = ?3 WHERE key = ?1";
        let standing = self.standing(run)?;
        if !standing.status.is_ended() {
            return Err(Refused::NotEnded(standing.status).into());
        }
        self.together(|batch| {
            for seq in drop {
                batch.statement(DROP)?.execute([run.0, *seq])?;
            }
            batch.record(run, entries)
        })?;
        self.statement(QUEUE)?
            .execute(params![run.0, now, deadline])?;
        self.notices.ready = true;
        Ok(Applied::Done)
    }
}

/// How a new run stands, and its first fencing token.
fn standing_of(new: &NewRun) -> (RunStatus, i64) {
    match new.owner {
        Some(_) => (RunStatus::Running, 1),
        None => (RunStatus::Queued, 0),
    }
}
