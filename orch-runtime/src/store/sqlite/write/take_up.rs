//! Who holds runs: taking them up by rank, and releasing them.

use std::collections::HashMap;

use rusqlite::{OptionalExtension as _, params};

use super::{Batch, Stop};
use crate::store::rules;
use crate::store::sqlite::read;
use crate::store::{Applied, Held, Millis, OwnerId, RunKey};

/// A run that may be taken up.
struct Candidate<'a> {
    rank: Millis,
    run: RunKey,
    workflow: &'a str,
}

impl Batch<'_> {
    pub(super) fn take_up(
        &mut self,
        owner: OwnerId,
        workflows: &[(String, Option<u32>)],
        now: Millis,
        limit: usize,
    ) -> Result<Applied, Stop> {
        self.joined(owner)?;
        self.told = now;
        let mut room: HashMap<&str, usize> = HashMap::new();
        let mut candidates = Vec::new();
        for (workflow, most) in workflows {
            if room.contains_key(workflow.as_str()) {
                continue;
            }
            let left = match most {
                None => limit,
                Some(most) => limit.min(read::room(self.db, workflow, *most)?),
            };
            room.insert(workflow, left);
            if left > 0 {
                self.gather(workflow, now, left, &mut candidates)?;
            }
        }
        candidates.sort_unstable_by_key(|candidate| (candidate.rank, candidate.run));
        let mut taken = Vec::new();
        for candidate in candidates {
            if taken.len() == limit {
                break;
            }
            if let Some(left @ 1..) = room.get_mut(candidate.workflow) {
                *left -= 1;
                taken.extend(self.take(owner, candidate.run)?);
            }
        }
        Ok(Applied::TakenUp(taken))
    }

    /// Finds the runs of a workflow that would go first, `limit` of each priority.
    fn gather<'w>(
        &self,
        workflow: &'w str,
        now: Millis,
        limit: usize,
        candidates: &mut Vec<Candidate<'w>>,
    ) -> Result<(), Stop> {
        const NEXT: &str = "SELECT timed, priority FROM runs WHERE ready_at IS NOT NULL AND workflow = ?1 \
                            AND (timed, priority) >= (?2, ?3) ORDER BY timed, priority LIMIT 1";
        const OF: &str = "SELECT key, ready_at FROM runs WHERE ready_at IS NOT NULL AND workflow = ?1 \
                          AND timed = ?2 AND priority = ?3 AND ready_at <= ?4 ORDER BY ready_at, key LIMIT ?5";
        let mut class = (0, 0);
        loop {
            let next = self
                .statement(NEXT)?
                .query_row(params![workflow, class.0, class.1], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let Some(found): Option<(i64, i64)> = next else {
                return Ok(());
            };
            let (timed, priority) = found;
            // Asked for what is greater than a pair, SQLite would look at all that are the same first.
            class = (timed, priority + 1);
            let until = if timed == 0 { Millis::MAX } else { now };
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = self.statement(OF)?;
            let mut rows = statement.query(params![workflow, timed, priority, until, limit])?;
            while let Some(row) = rows.next()? {
                let priority = u8::try_from(priority)
                    .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, priority))?;
                candidates.push(Candidate {
                    rank: rules::rank(row.get(1)?, priority),
                    run: RunKey(row.get(0)?),
                    workflow,
                });
            }
        }
    }

    pub(super) fn take_up_one(&mut self, owner: OwnerId, run: RunKey) -> Result<Applied, Stop> {
        self.joined(owner)?;
        self.standing(run)?;
        Ok(Applied::TakenUp(
            self.take(owner, run)?.into_iter().collect(),
        ))
    }

    /// Takes a run up, unless it is held or has ended.
    fn take(&mut self, owner: OwnerId, run: RunKey) -> Result<Option<Held>, Stop> {
        const TAKE: &str = "UPDATE runs SET status = 'running', owner = ?2, fence = fence + 1, ready_at = NULL, \
                            reason = NULL WHERE key = ?1 AND owner IS NULL AND ended_at IS NULL RETURNING fence";
        let fence = self
            .statement(TAKE)?
            .query_row([run.0, owner.0], |row| row.get(0))
            .optional()?;
        let held = fence.map(|fence| Held { run, fence });
        if let Some(held) = held {
            self.known.taken(held, owner);
        }
        Ok(held)
    }

    /// Releases all that an owner holds.
    pub(in crate::store::sqlite) fn release(
        &mut self,
        owner: OwnerId,
        now: Millis,
    ) -> rusqlite::Result<()> {
        const RELEASE: &str = "UPDATE runs SET owner = NULL, fence = fence + 1, ready_at = ?2, timed = 0 \
                               WHERE key IN (SELECT key FROM workflows CROSS JOIN runs ON workflow = name \
                               WHERE status = 'running' AND owner = ?1)";
        let released = self.statement(RELEASE)?.execute([owner.0, now])?;
        if released > 0 {
            self.known.released();
            self.notices.ready = true;
        }
        Ok(())
    }
}
