//! What becomes of a run of whose workflow as many are under way as may be.

use orch_core::run::RunId;
use rusqlite::{OptionalExtension as _, params};

use super::{Batch, Stop};
use crate::store::rules::{self, Room};
use crate::store::{AtMost, Change, Crowded, NewRun, RunKey};

impl Batch<'_> {
    /// Whether there is room for a new run, and what follows where there is none.
    pub(super) fn room_for(&self, new: &NewRun) -> Result<Room<RunKey>, Stop> {
        const COUNT: &str = "SELECT count(*), min(key) FROM runs WHERE workflow = ?1 \
                             AND status IN ('queued', 'running', 'waiting') \
                             AND NOT EXISTS (SELECT 1 FROM signals WHERE run = runs.key AND name = ?2)";
        let Some(at_most) = &new.at_most else {
            return Ok(Room::Free);
        };
        let signal = match &at_most.then {
            Crowded::Signal { name, .. } => Some(name),
            _ => None,
        };
        let (count, oldest): (i64, Option<i64>) = self
            .statement(COUNT)?
            .query_row(params![new.workflow, signal], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let count = u64::try_from(count).unwrap_or(0);
        Ok(rules::room(at_most, count, oldest.map(RunKey))?)
    }

    /// Ends a run that was just kept.
    pub(super) fn end_at_once(&self, run: RunKey, new: &NewRun) -> Result<(), Stop> {
        const END: &str = "UPDATE runs SET status = ?2, error = ?3, ended_at = ?4, ready_at = NULL, owner = NULL \
                           WHERE key = ?1";
        if let Some(AtMost {
            then: Crowded::End { status, error },
            ..
        }) = &new.at_most
        {
            let params = params![run.0, status.as_str(), error, new.at];
            self.statement(END)?.execute(params)?;
        }
        Ok(())
    }

    /// Sends a run the signal that asks it to make room.
    pub(super) fn ask_for_room(&mut self, run: RunKey, new: &NewRun) -> Result<(), Stop> {
        let Some(AtMost {
            then: Crowded::Signal { name, value },
            ..
        }) = &new.at_most
        else {
            return Ok(());
        };
        let id: Option<String> = self
            .statement("SELECT id FROM runs WHERE key = ?1")?
            .query_row([run.0], |row| row.get(0))
            .optional()?;
        if let Some(id) = id {
            self.signal(&Change::Signal {
                run: RunId::new(id),
                name: name.clone(),
                event: None,
                value: value.clone(),
                at: new.at,
            })?;
        }
        Ok(())
    }
}
