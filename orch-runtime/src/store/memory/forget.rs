//! Going back, and what is kept no longer.

use std::collections::BTreeSet;
use std::sync::Arc;

use orch_core::run::RunStatus;

use super::Artifact;
use super::state::State;
use crate::store::rules::Notices;
use crate::store::{Applied, Entry, Millis, NewArtifact, Refused, RunKey};

impl State {
    pub(super) fn rewind(
        &mut self,
        run: RunKey,
        drop: &[i64],
        entries: &[Entry],
        (deadline, now): (Option<Millis>, Millis),
        notices: &mut Notices,
    ) -> Result<Applied, Refused> {
        let run = self.ended(run)?;
        let dropped: Vec<Entry> = drop
            .iter()
            .filter_map(|seq| run.entries.remove(seq))
            .collect();
        if let Err(refused) = run.record(entries) {
            run.entries
                .extend(dropped.into_iter().map(|entry| (entry.seq, entry)));
            return Err(refused);
        }
        run.record.status = RunStatus::Queued;
        run.record.ended_at = None;
        run.record.output = None;
        run.record.error = None;
        run.record.deadline = deadline;
        run.make_ready(now);
        self.now = self.now.max(now);
        notices.ready = true;
        Ok(Applied::Done)
    }

    pub(super) fn delete(&mut self, run: RunKey) -> Result<Applied, Refused> {
        self.ended(run)?;
        for member in self.family(run)? {
            self.forget(member);
        }
        Ok(Applied::Done)
    }

    pub(super) fn prune(
        &mut self,
        statuses: &[RunStatus],
        before: Millis,
        limit: usize,
    ) -> Applied {
        let mut ended: Vec<(Millis, RunKey)> = self
            .runs
            .values()
            .filter(|run| run.record.parent.is_none() && statuses.contains(&run.record.status))
            .filter_map(|run| Some((run.record.ended_at?, run.record.key)))
            .filter(|(ended_at, _)| *ended_at < before)
            .collect();
        ended.sort_unstable();
        let mut pruned = 0;
        for (_, run) in ended {
            if pruned == limit {
                break;
            }
            if let Ok(family) = self.family(run) {
                for member in family {
                    self.forget(member);
                }
                pruned += 1;
            }
        }
        Applied::Pruned(pruned)
    }

    /// A run with its children and theirs, if all of them have ended.
    fn family(&self, run: RunKey) -> Result<Vec<RunKey>, Refused> {
        let mut family = vec![run];
        let mut next = 0;
        while let Some(parent) = family.get(next).and_then(|key| self.runs.get(key)) {
            for child in self.runs.values() {
                let record = &child.record;
                if record.parent.as_ref() == Some(&parent.record.id)
                    && !family.contains(&record.key)
                {
                    if !record.status.is_ended() {
                        return Err(Refused::NotEnded(record.status));
                    }
                    family.push(record.key);
                }
            }
            next += 1;
        }
        Ok(family)
    }

    fn forget(&mut self, run: RunKey) {
        if let Some(run) = self.runs.remove(&run) {
            self.ids.remove(&run.record.id);
        }
        self.artifacts.retain(|_, artifact| {
            artifact.runs.remove(&run);
            !artifact.runs.is_empty()
        });
    }

    /// Fails unless the content of each is given, there or before, or kept already.
    pub(super) fn finds(&self, artifacts: &[NewArtifact]) -> Result<(), Refused> {
        let mut given = BTreeSet::new();
        for NewArtifact { digest, content } in artifacts {
            if content.is_some() {
                given.insert(digest);
            } else if !given.contains(digest) && !self.artifacts.contains_key(digest) {
                return Err(Refused::NoArtifact(digest.clone()));
            }
        }
        Ok(())
    }

    /// Keeps an artifact for a run that is there.
    pub(super) fn keep_artifact(&mut self, run: RunKey, artifact: &NewArtifact) {
        if let Some(content) = &artifact.content {
            self.artifacts
                .entry(artifact.digest.clone())
                .or_insert_with(|| Artifact {
                    content: Arc::clone(content),
                    runs: BTreeSet::new(),
                });
        }
        if let Some(kept) = self.artifacts.get_mut(&artifact.digest) {
            kept.runs.insert(run);
        }
    }

    /// Keeps for a run what is kept for another one.
    pub(super) fn keep_artifacts_of(&mut self, run: RunKey, other: RunKey) {
        for artifact in self.artifacts.values_mut() {
            if artifact.runs.contains(&other) {
                artifact.runs.insert(run);
            }
        }
    }
}
