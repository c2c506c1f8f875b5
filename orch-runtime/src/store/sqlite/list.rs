//! Which runs a filter asks for: found by an index each, however many there are.

use std::cmp::Reverse;
use std::collections::HashSet;

use orch_core::run::RunStatus;
use rusqlite::types::ToSql;
use rusqlite::{Connection, params_from_iter};

use super::read;
use crate::store::{Filter, RunKey, RunRecord};

pub(super) fn list(db: &Connection, filter: &Filter) -> rusqlite::Result<Vec<RunRecord>> {
    let mut keys: Vec<i64> = Vec::new();
    for way in ways(db, filter)? {
        let narrowed = way.narrowed(filter);
        let mut statement = db.prepare_cached(&narrowed.sql)?;
        let found = statement.query_map(params_from_iter(&narrowed.values), |row| row.get(0))?;
        for key in found {
            keys.push(key?);
        }
    }
    keys.sort_unstable_by_key(|key| Reverse(*key));
    keys.truncate(filter.limit);
    let records = keys
        .into_iter()
        .filter_map(|key| read::run_of(db, RunKey(key)).transpose());
    records.collect()
}

/// A question for the keys of runs, the latest first.
pub(super) struct Way {
    pub(super) sql: String,
    pub(super) values: Vec<Box<dyn ToSql>>,
}

impl Way {
    fn all() -> Self {
        Self {
            sql: "SELECT key FROM runs WHERE TRUE".to_owned(),
            values: Vec::new(),
        }
    }

    fn and(mut self, condition: &str, value: impl ToSql + 'static) -> Self {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.push(Box::new(value));
        self
    }

    /// Adds all that the filter says, so that no other index is chosen for it.
    pub(super) fn narrowed(mut self, filter: &Filter) -> Self {
        if let Some(workflow) = &filter.workflow {
            self = self.and("+workflow = ?", workflow.clone());
        }
        if let Some(version) = &filter.version {
            self = self.and("version = ?", version.clone());
        }
        if !filter.statuses.is_empty() {
            let words: Vec<&str> = filter
                .statuses
                .iter()
                .map(|status| status.as_str())
                .collect();
            self = self.and(
                "instr(?, '|' || status || '|')",
                format!("|{}|", words.join("|")),
            );
        }
        if let Some(correlation) = &filter.correlation_id {
            self = self.and("coalesce(correlation_id, id) = ?", correlation.clone());
        }
        if let Some(since) = filter.since {
            self = self.and("started_at >= ?", since);
        }
        if let Some(until) = filter.until {
            self = self.and("started_at < ?", until);
        }
        if let Some(below) = filter.below {
            self = self.and("key < ?", below.0);
        }
        self.sql.push_str(" ORDER BY key DESC LIMIT ?");
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        self.values.push(Box::new(limit));
        self
    }
}

/// The questions that together find all runs a filter asks for.
pub(super) fn ways(db: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Way>> {
    if let Some(parent) = &filter.parent {
        return Ok(vec![
            Way::all().and("parent = ?", parent.as_str().to_owned()),
        ]);
    }
    if let Some(correlation) = &filter.correlation_id {
        return Ok(vec![
            Way::all().and("correlation_id = ?", correlation.clone()),
            Way::all().and("id = ? AND correlation_id IS NULL", correlation.clone()),
        ]);
    }
    if filter.workflow.is_none() && filter.statuses.is_empty() {
        return Ok(vec![Way::all()]);
    }
    let statuses: HashSet<RunStatus> = match filter.statuses.as_slice() {
        [] => RunStatus::ALL.into_iter().collect(),
        some => some.iter().copied().collect(),
    };
    let mut ways = Vec::new();
    for workflow in workflows(db, filter)? {
        for status in &statuses {
            let standing = |owner: &str| {
                Way::all()
                    .and("workflow = ?", workflow.clone())
                    .and(&format!("status = ? AND owner {owner}"), status.as_str())
            };
            // Those with owners are few and have to be sorted; all others lie in order.
            ways.push(standing("IS NULL"));
            if *status == RunStatus::Running {
                ways.push(standing("> 0"));
            }
        }
    }
    Ok(ways)
}

fn workflows(db: &Connection, filter: &Filter) -> rusqlite::Result<Vec<String>> {
    if let Some(workflow) = &filter.workflow {
        return Ok(vec![workflow.clone()]);
    }
    let mut statement = db.prepare_cached("SELECT name FROM workflows")?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}
