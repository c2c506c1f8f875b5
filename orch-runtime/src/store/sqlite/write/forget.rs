//! What is kept no longer, and what is kept for runs until then.

use std::collections::HashSet;

use orch_core::run::RunStatus;
use rusqlite::params;

use super::{Batch, Stop};
use crate::store::sqlite::read;
use crate::store::{Applied, Millis, NewArtifact, Refused, RunKey};

impl Batch<'_> {
    pub(super) fn delete(&mut self, run: RunKey) -> Result<Applied, Stop> {
        let standing = self.standing(run)?;
        if !standing.status.is_ended() {
            return Err(Refused::NotEnded(standing.status).into());
        }
        for member in self.family(run)? {
            self.forget(member)?;
        }
        Ok(Applied::Done)
    }

    pub(super) fn prune(
        &mut self,
        statuses: &[RunStatus],
        before: Millis,
        limit: usize,
    ) -> Result<Applied, Stop> {
        const ENDED: &str = "SELECT ended_at, key FROM runs WHERE status = ?1 AND ended_at < ?2 AND parent IS NULL \
                             AND ended_at IS NOT NULL ORDER BY ended_at, key";
        let distinct: HashSet<RunStatus> = statuses.iter().copied().collect();
        let mut families: Vec<((Millis, i64), Vec<RunKey>)> = Vec::new();
        for status in distinct {
            let mut statement = self.statement(ENDED)?;
            let mut rows = statement.query(params![status.as_str(), before])?;
            let mut found = 0;
            while found < limit
                && let Some(row) = rows.next()?
            {
                let (ended_at, run) = (row.get(0)?, row.get(1)?);
                match self.family(RunKey(run)) {
                    Ok(family) => families.push(((ended_at, run), family)),
                    Err(Stop::Refused(_)) => continue,
                    Err(failed) => return Err(failed),
                }
                found += 1;
            }
        }
        families.sort_unstable_by_key(|(order, _)| *order);
        families.truncate(limit);
        for member in families.iter().flat_map(|(_, family)| family) {
            self.forget(*member)?;
        }
        Ok(Applied::Pruned(families.len()))
    }

    /// A run with its children and theirs, if all of them have ended.
    fn family(&self, run: RunKey) -> Result<Vec<RunKey>, Stop> {
        const CHILDREN: &str = "SELECT key, status FROM runs \
                                WHERE parent = (SELECT id FROM runs WHERE key = ?1) AND parent IS NOT NULL";
        let mut family = vec![run];
        let mut known = HashSet::from([run]);
        let mut next = 0;
        while let Some(parent) = family.get(next).copied() {
            let mut statement = self.statement(CHILDREN)?;
            let mut rows = statement.query([parent.0])?;
            while let Some(row) = rows.next()? {
                let (child, status) = (RunKey(row.get(0)?), read::status(row, 1)?);
                if !known.insert(child) {
                    continue;
                }
                if !status.is_ended() {
                    return Err(Refused::NotEnded(status).into());
                }
                family.push(child);
            }
            next += 1;
        }
        Ok(family)
    }

    fn forget(&self, run: RunKey) -> rusqlite::Result<()> {
        const ALL: [&str; 6] = [
            "DELETE FROM artifacts WHERE digest IN (SELECT digest FROM artifact_runs WHERE run = ?1) \
             AND NOT EXISTS (SELECT 1 FROM artifact_runs AS others \
             WHERE others.digest = artifacts.digest AND others.run <> ?1)",
            "DELETE FROM artifact_runs WHERE run = ?1",
            "DELETE FROM signals WHERE run = ?1",
            "DELETE FROM entries WHERE run = ?1",
            "DELETE FROM inputs WHERE run = ?1",
            "DELETE FROM runs WHERE key = ?1",
        ];
        for sql in ALL {
            self.statement(sql)?.execute([run.0])?;
        }
        Ok(())
    }

    /// Keeps an artifact for a run that is there.
    pub(super) fn keep_artifact(&self, run: RunKey, artifact: &NewArtifact) -> Result<(), Stop> {
        const PUT: &str =
            "INSERT INTO artifacts (digest, content) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        let NewArtifact { digest, content } = artifact;
        match content {
            Some(content) => {
                self.statement(PUT)?.execute(params![digest, &**content])?;
            }
            None => {
                let kept = self
                    .statement("SELECT 1 FROM artifacts WHERE digest = ?1")?
                    .exists([digest])?;
                if !kept {
                    return Err(Refused::NoArtifact(digest.clone()).into());
                }
            }
        }
        self.statement(
            "INSERT INTO artifact_runs (run, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute(params![run.0, digest])?;
        Ok(())
    }

    /// Keeps for a new run what is kept for another one.
    pub(super) fn keep_artifacts_of(&self, run: RunKey, other: RunKey) -> Result<(), Stop> {
        if run == other {
            // Before it was started, it was none.
            return Err(Refused::NoRun(other).into());
        }
        self.standing(other)?;
        self.statement(
            "INSERT INTO artifact_runs (run, digest) SELECT ?1, digest FROM artifact_runs WHERE run = ?2 \
             ON CONFLICT DO NOTHING",
        )?
        .execute([run.0, other.0])?;
        Ok(())
    }
}
