//! What is in the file, and how it came there: the schema, its version, and the steps from each version to the next.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::errors::{Doing, translate};
use crate::store::{StoreError, StoreErrorKind};

/// Marks a file as ours: `Orch`.
pub(super) const APPLICATION_ID: i32 = 0x4f72_6368;

/// The steps from an empty file to the schema of this version: step `n` makes version `n` of version `n - 1`.
///
/// A step that was released is never changed.
const STEPS: [&str; 1] = [include_str!("schema/1.sql")];

/// Makes the schema what this version knows.
///
/// # Errors
/// If the file is of something else or of a later version, or cannot be read or written.
pub(super) fn prepare(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let words = |error| translate(error, path, Doing::Open);
    if version(db, path)? == STEPS.len() {
        return Ok(());
    }
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(words)?;
    // Somebody else may have prepared it in the meantime.
    let version = version(&transaction, path)?;
    for step in STEPS.iter().skip(version) {
        transaction.execute_batch(step).map_err(words)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(words)?;
    transaction
        .pragma_update(None, "user_version", STEPS.len() as i64)
        .map_err(words)?;
    transaction.commit().map_err(words)
}

/// The version of the schema in a file that is ours or empty: 0 if it is empty.
pub(super) fn version(db: &Connection, path: &Path) -> Result<usize, StoreError> {
    // In one statement, so that it is one moment: somebody else may be preparing it.
    const STAND: &str = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) \
                         FROM pragma_application_id, pragma_user_version";
    let (application, version, tables): (i64, i64, i64) = db
        .query_row(STAND, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(|error| translate(error, path, Doing::Open))?;
    if application == 0 && version == 0 && tables == 0 {
        return Ok(0);
    }
    let shown = path.display();
    if application != i64::from(APPLICATION_ID) {
        return Err(StoreError::new(
            StoreErrorKind::Version,
            format!("{shown} is a database of another program; give another path"),
        ));
    }
    match usize::try_from(version) {
        Ok(known @ 1..) if known <= STEPS.len() => Ok(known),
        Ok(later @ 1..) => Err(StoreError::new(
            StoreErrorKind::Version,
            format!(
                "{shown} was written by a later version of Orch: its schema has version {later}, and this one knows \
                 versions up to {}; use that version, or another path",
                STEPS.len()
            ),
        )),
        _ => Err(StoreError::new(
            StoreErrorKind::Corrupt,
            format!(
                "{shown} has the schema version {version}, which no version of Orch writes; restore it from a copy"
            ),
        )),
    }
}
