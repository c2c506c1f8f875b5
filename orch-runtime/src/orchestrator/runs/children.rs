//! Runs inside others, as the record of the outermost one tells of them.

use orch_core::run::{RunId, RunStatus};

use super::{RunInfo, Runs, SteerError};
use crate::engine::children::{self, ChildBegan};
use crate::engine::record::RETRIED;
use crate::store::{Entry, Filter, History, Millis, RunRecord};

/// A run inside another one.
pub(super) struct Child {
    derived: String,
    began: ChildBegan,
    /// The number of the entry that says that it began.
    seq: i64,
    started_at: Millis,
    ended: Option<(RunStatus, Millis)>,
}

/// The runs inside a run, in the order in which they began first.
pub(super) fn children(history: &History) -> Vec<Child> {
    let mut found: Vec<Child> = Vec::new();
    for entry in &history.entries {
        let Some(derived) = children::derived(entry) else {
            continue;
        };
        let known = found.iter_mut().find(|child| child.derived == derived);
        match (known, ChildBegan::read(entry), children::read_end(entry)) {
            (None, Some(began), _) => found.push(Child {
                derived: derived.to_owned(),
                began,
                seq: entry.seq,
                started_at: entry.at,
                ended: None,
            }),
            // It is run once more.
            (Some(child), Some(began), _) => {
                (child.began, child.seq) = (began, entry.seq);
                (child.started_at, child.ended) = (entry.at, None);
            }
            (Some(child), None, Some(status)) => child.ended = Some((status, entry.at)),
            _ => {}
        }
    }
    found
}

fn retried_after(history: &History) -> i64 {
    let mut entries = history.entries.iter().rev();
    let last = entries.find(|entry| entry.node == RETRIED);
    let number = last.and_then(|entry| entry.value.as_ref()?.parse().ok());
    number.unwrap_or(0)
}

/// The id of a run inside another.
fn id_of(outermost: &RunRecord, derived: &str) -> RunId {
    match derived {
        "" => outermost.id.clone(),
        derived => RunId::new(format!("{}/{derived}", outermost.id)),
    }
}

impl Child {
    /// The node that runs it, as the outermost run's entries have it.
    pub(super) fn node(&self) -> &str {
        &self.began.node
    }

    pub(super) fn workflow(&self) -> &str {
        &self.began.workflow
    }

    pub(super) fn id(&self, outermost: &RunRecord) -> RunId {
        id_of(outermost, &self.derived)
    }

    /// The run as it stands: one that has not ended stands as the run around it.
    fn record(&self, outermost: &RunRecord) -> RunRecord {
        let (status, ended_at) = match self.ended {
            Some((status, at)) => (status, Some(at)),
            None => (outermost.status, outermost.ended_at),
        };
        RunRecord {
            id: id_of(outermost, &self.derived),
            workflow: self.began.workflow.clone(),
            version: self.began.version.clone(),
            fingerprint: String::new(),
            status,
            input: "null".to_owned(),
            output: None,
            error: None,
            parent: Some(id_of(outermost, &self.began.parent)),
            started_at: self.started_at,
            ended_at,
            ready_at: None,
            deadline: None,
            reason: None,
            ..outermost.clone()
        }
    }

    fn info(&self, outermost: &RunRecord) -> RunInfo {
        RunInfo {
            node: Some(self.began.node.clone()),
            ..RunInfo::from(self.record(outermost))
        }
    }

    /// What was recorded of it and came for it, by the names that it has inside.
    fn history(&self, all: &[Child], mut history: History) -> History {
        let inside = format!("{}/", self.began.node);
        // Another turn, tier or attempt of the same node is another run.
        let next = all
            .iter()
            .filter(|child| child.began.node == self.began.node);
        let next = next.map(|child| child.seq).filter(|seq| *seq > self.seq);
        let own = self.seq..next.min().unwrap_or(i64::MAX);
        let named = |name: &str| name.strip_prefix(&inside).map(str::to_owned);
        history.entries.retain(|entry| own.contains(&entry.seq));
        let entries = history.entries.into_iter();
        let entries = entries.filter_map(|entry| {
            let node = named(&entry.node)?;
            Some(Entry { node, ..entry })
        });
        let mut signals = history.signals;
        signals.retain_mut(|signal| {
            let name = match signal.name.strip_prefix("@decide/") {
                Some(node) => named(node).map(|node| format!("@decide/{node}")),
                None => named(&signal.name),
            };
            name.map(|name| signal.name = name).is_some()
        });
        History {
            run: self.record(&history.run),
            entries: entries.collect(),
            signals,
        }
    }
}

/// Where a run is recorded, and what was of it.
pub(in crate::orchestrator) struct Located {
    /// The outermost run.
    pub(in crate::orchestrator) outermost: RunId,
    /// What the names of its nodes begin with there: nothing of the outermost run itself.
    pub(in crate::orchestrator) within: String,
    /// The number of the last signal before the run was last taken up again from an earlier point.
    pub(super) retried_after: i64,
    /// What was recorded, by the names that it has inside.
    pub(in crate::orchestrator) history: History,
}

impl Runs {
    /// A run, or one inside another.
    pub(in crate::orchestrator) async fn locate(&self, id: &str) -> Result<Located, SteerError> {
        if let Some(record) = self.find(id).await? {
            let history = self.load(&record).await?;
            return Ok(Located {
                outermost: record.id,
                within: String::new(),
                retried_after: retried_after(&history),
                history,
            });
        }
        let (child, all, history) = self.inside(id).await?;
        Ok(Located {
            outermost: history.run.id.clone(),
            within: format!("{}/", child.began.node),
            retried_after: retried_after(&history),
            history: child.history(&all, history),
        })
    }

    /// The runs inside a run, of durable workflows that its nodes run, in the order in which they began; those inside of
    /// them are theirs.
    ///
    /// They are not runs of their own: their nodes are recorded with the outermost run, and they are steered with it, but
    /// for signals and decisions, which name them.
    /// Their ids follow from its id: `order-42/audit` is run by the node `audit` of `order-42`.
    /// That one began is on record once something else is that follows.
    ///
    /// # Errors
    /// If there is no such run, or the store cannot be read.
    pub async fn children(&self, id: &str) -> Result<Vec<RunInfo>, SteerError> {
        let (history, parent) = match self.find(id).await? {
            Some(record) => (self.load(&record).await?, record.id),
            None => {
                let (child, _, history) = self.inside(id).await?;
                let parent = id_of(&history.run, &child.derived);
                (history, parent)
            }
        };
        let found = children(&history);
        let infos = found.iter().map(|child| child.info(&history.run));
        Ok(infos
            .filter(|info| info.parent.as_ref() == Some(&parent))
            .collect())
    }

    /// The runs inside a run that a filter asks for, the latest first.
    pub(super) async fn children_of(&self, filter: &Filter) -> Result<Vec<RunInfo>, SteerError> {
        let Some(parent) = &filter.parent else {
            return Ok(Vec::new());
        };
        let mut found = match self.children(parent.as_str()).await {
            Err(SteerError::NoRun { .. }) => return Ok(Vec::new()),
            found => found?,
        };
        let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|it| it == is);
        found.retain(|run| {
            same(&filter.workflow, &run.workflow)
                && same(&filter.version, &run.version)
                && same(&filter.correlation_id, &run.correlation_id)
                && (filter.statuses.is_empty() || filter.statuses.contains(&run.status))
                && filter.since.is_none_or(|since| run.started_at >= since)
                && filter.until.is_none_or(|until| run.started_at < until)
        });
        found.reverse();
        found.truncate(filter.limit);
        Ok(found)
    }

    /// A run inside another as it stands.
    pub(super) async fn get_inside(&self, id: &str) -> Result<RunInfo, SteerError> {
        let (child, _, history) = self.inside(id).await?;
        Ok(child.info(&history.run))
    }

    /// The run that one is inside of, if it is.
    pub(super) async fn outermost_of(&self, id: &str) -> Option<RunId> {
        let (_, _, history) = self.inside(id).await.ok()?;
        Some(history.run.id)
    }

    /// What was recorded of a run inside another.
    pub(super) async fn history_inside(&self, id: &str) -> Result<History, SteerError> {
        let (child, all, history) = self.inside(id).await?;
        Ok(child.history(&all, history))
    }

    /// A run inside another, with the others there and all that was recorded of the outermost one.
    async fn inside(&self, id: &str) -> Result<(Child, Vec<Child>, History), SteerError> {
        for (at, _) in id.match_indices('/') {
            let Some(outermost) = self.find(&id[..at]).await? else {
                continue;
            };
            let history = self.load(&outermost).await?;
            let mut all = children(&history);
            let wanted = &id[at + 1..];
            if let Some(idx) = all.iter().position(|child| child.derived == wanted) {
                return Ok((all.swap_remove(idx), all, history));
            }
        }
        Err(SteerError::NoRun {
            run: RunId::new(id),
        })
    }
}
