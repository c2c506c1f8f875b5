//! What the writer knows of the file without asking it again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rusqlite::Connection;

use super::wire::Address;
use crate::store::{Held, OwnerId, RunKey};

/// What the writer knows as long as nobody else writes.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What SQLite counts when another connection has written.
    version: Option<i64>,
    /// The fencing tokens of runs that are held, and by whom.
    held: HashMap<RunKey, (i64, OwnerId)>,
    /// Who has joined, and where each of them listens.
    owners: Option<Arc<BTreeMap<OwnerId, Address>>>,
}

impl Known {
    /// Forgets what may be wrong by now. To be called at the beginning of a transaction.
    pub(super) fn refresh(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let version = db
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if self.version != Some(version) {
            self.forget();
            self.version = Some(version);
        }
        Ok(())
    }

    /// Forgets everything: a transaction was rolled back.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether this right holds, for all that is known.
    pub(super) fn holds(&self, held: Held) -> bool {
        let known = self.held.get(&held.run);
        known.is_some_and(|(fence, _)| *fence == held.fence)
    }

    pub(super) fn taken(&mut self, held: Held, owner: OwnerId) {
        self.held.insert(held.run, (held.fence, owner));
    }

    /// Forgets who holds a run, and gives it.
    pub(super) fn let_go(&mut self, run: RunKey) -> Option<OwnerId> {
        self.held.remove(&run).map(|(_, owner)| owner)
    }

    /// Forgets who holds what: many runs have changed hands.
    pub(super) fn released(&mut self) {
        self.held.clear();
    }

    /// Forgets who has joined.
    pub(super) fn owners_changed(&mut self) {
        self.owners = None;
    }

    pub(super) fn owners(
        &mut self,
        db: &Connection,
    ) -> rusqlite::Result<&Arc<BTreeMap<OwnerId, Address>>> {
        if self.owners.is_none() {
            let mut statement = db.prepare_cached("SELECT id, port, token FROM owners")?;
            let owners = statement.query_map([], |row| {
                let address = Address {
                    port: row.get(1)?,
                    token: row.get(2)?,
                };
                Ok((OwnerId(row.get(0)?), address))
            })?;
            self.owners = Some(Arc::new(owners.collect::<rusqlite::Result<_>>()?));
        }
        Ok(self.owners.get_or_insert_default())
    }
}
