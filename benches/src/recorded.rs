//! Durable runs: five trivial steps in a row.

use orch::prelude::*;
use orch::store::{Sqlite, StoreError};
use turn::{Synchronous, Turn};

/// Adds one.
#[step]
pub async fn add(n: u64) -> u64 {
    n + 1
}

workflow! {
    /// Five steps in a row, each recorded.
    #[workflow(version = "1", durable)]
    pub Five(n: u64) -> u64 {
        a = add(n);
        b = add(a);
        c = add(b);
        d = add(c);
        e = add(d);
        e
    }
}

/// Opens the store that a turn is to be taken on.
///
/// # Errors
/// If the file cannot be opened.
pub async fn store(turn: &Turn) -> Result<Sqlite, StoreError> {
    let synchronous = match turn.synchronous {
        Synchronous::Full => orch::store::Synchronous::Full,
        Synchronous::Normal => orch::store::Synchronous::Normal,
    };
    let options = Sqlite::options().synchronous(synchronous);
    options.open(turn.database()).await
}
