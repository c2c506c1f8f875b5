//! Reading the three sources.

use std::path::Path;

use reqwest::{Client, StatusCode};
use rusqlite::{Connection, OpenFlags};
use thiserror::Error;

use crate::records::{Customer, Rates, RawOrder};

/// Why a source gives nothing.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The database cannot be read.
    #[error("the order database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The CSV file cannot be read.
    #[error("the customer file: {0}")]
    Csv(#[from] csv::Error),
    /// The service cannot be reached, or its answer is none.
    #[error("the rates service: {0}")]
    Http(#[from] reqwest::Error),
    /// The service answers with an error.
    #[error("the rates service answers {0}")]
    Status(StatusCode),
}

impl SourceError {
    /// Whether it may be gone in a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(_) | Self::Csv(_) => false,
            Self::Http(error) => error.is_connect() || error.is_timeout(),
            Self::Status(status) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
        }
    }
}

/// Reads the orders, and changes nothing in the database.
pub fn orders(database: &Path) -> Result<Vec<RawOrder>, SourceError> {
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut query = database
        .prepare("SELECT id, customer, day, amount, currency FROM orders ORDER BY rowid")?;
    let orders = query.query_map((), |row| {
        Ok(RawOrder {
            id: row.get(0)?,
            customer: row.get(1)?,
            day: row.get(2)?,
            amount: row.get(3)?,
            currency: row.get(4)?,
        })
    })?;
    Ok(orders.collect::<Result<_, _>>()?)
}

/// Reads the customers.
pub fn customers(file: &Path) -> Result<Vec<Customer>, SourceError> {
    let mut rows = csv::Reader::from_path(file)?;
    Ok(rows.deserialize().collect::<Result<_, _>>()?)
}

/// Asks the service for its rates.
pub async fn rates(http: &Client, url: &str) -> Result<Rates, SourceError> {
    let answer = http.get(url).send().await?;
    match answer.status() {
        StatusCode::OK => Ok(answer.json().await?),
        status => Err(SourceError::Status(status)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn orders_come_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("orders.db");
        let database = Connection::open(&path).unwrap();
        let rows =
            "CREATE TABLE orders (id TEXT, customer TEXT, day TEXT, amount TEXT, currency TEXT);
            INSERT INTO orders VALUES ('O2', 'C1', 'today', '1', 'EUR'), ('O1', 'C2', '', '', '');";
        database.execute_batch(rows).unwrap();
        let ids: Vec<String> = orders(&path)
            .unwrap()
            .into_iter()
            .map(|order| order.id)
            .collect();
        assert_eq!(ids, ["O2", "O1"]);
    }

    #[test]
    fn what_is_no_source_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("orders.db");
        assert!(
            orders(&path)
                .unwrap_err()
                .to_string()
                .contains("unable to open")
        );
        assert!(!path.exists(), "reading made a database");
        fs::write(&path, "no database".repeat(100)).unwrap();
        assert!(
            orders(&path)
                .unwrap_err()
                .to_string()
                .contains("not a database")
        );
        fs::write(&path, "id,name\nC1,Ann\n").unwrap();
        let error = customers(&path).unwrap_err();
        assert!(
            error.to_string().contains("missing field `country`"),
            "{error}"
        );
        assert!(!error.is_transient());
    }

    #[test]
    fn customers_are_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("customers.csv");
        fs::write(&path, "id,name,country\nC1,\"Ann, Bob & Co\",DE\n").unwrap();
        let expected = Customer {
            id: "C1".to_owned(),
            name: "Ann, Bob & Co".to_owned(),
            country: "DE".to_owned(),
        };
        assert_eq!(customers(&path).unwrap(), [expected]);
    }
}
