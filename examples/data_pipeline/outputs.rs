//! Writing the three outputs, first beside their places and then, all at once, into them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::Serialize;
use thiserror::Error;

use crate::cleaning::{by_country, by_reason};
use crate::records::{Reason, Sale, Sales};

/// What keeps an output from being written.
#[derive(Debug, Error)]
pub enum OutputError {
    /// The directory cannot be written to.
    #[error("{}: {reason}", path.display())]
    Directory {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The table cannot be written.
    #[error("the sales table: {0}")]
    Table(#[from] rusqlite::Error),
    /// The CSV file cannot be written.
    #[error("the sales file: {0}")]
    Csv(#[from] csv::Error),
    /// The summary cannot be written.
    #[error("the summary: {0}")]
    Json(#[from] serde_json::Error),
}

/// Adds to an error of the system what it was about.
pub fn about(path: &Path) -> impl FnOnce(io::Error) -> OutputError + '_ {
    |reason| OutputError::Directory {
        path: path.to_owned(),
        reason,
    }
}

/// What is written, in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The number of sales.
    pub sales: usize,
    /// The currency of all amounts.
    pub currency: String,
    /// What is sold in all, in hundredths.
    pub total_cents: i64,
    /// What is sold in each country, in hundredths.
    pub cents_by_country: BTreeMap<String, i64>,
    /// How many orders were left out for each reason.
    pub rejects: BTreeMap<Reason, usize>,
    /// The numbers of the orders that were left out.
    pub rejected: Vec<String>,
}

impl Summary {
    /// The figures of these sales.
    pub fn of(sales: &Sales) -> Self {
        Self {
            sales: sales.sales.len(),
            currency: sales.base.clone(),
            total_cents: sales.sales.iter().map(|sale| sale.cents).sum(),
            cents_by_country: by_country(sales)
                .into_iter()
                .map(|(country, cents)| (country.to_owned(), cents))
                .collect(),
            rejects: by_reason(sales),
            rejected: sales
                .rejects
                .iter()
                .map(|reject| reject.order.clone())
                .collect(),
        }
    }
}

/// Writes the sales as a table of a new database.
pub fn table(file: &Path, sales: &[Sale]) -> Result<(), OutputError> {
    let mut database = Connection::open(file)?;
    let batch = database.transaction()?;
    batch.execute_batch(
        "CREATE TABLE sales (
             order_id TEXT PRIMARY KEY, day TEXT NOT NULL, customer TEXT NOT NULL, country TEXT NOT NULL, cents INTEGER NOT NULL
         ) STRICT;",
    )?;
    {
        let mut insert = batch.prepare("INSERT INTO sales VALUES (?, ?, ?, ?, ?)")?;
        for sale in sales {
            insert.execute((
                &sale.order,
                sale.day.to_string(),
                &sale.customer,
                &sale.country,
                sale.cents,
            ))?;
        }
    }
    Ok(batch.commit()?)
}

/// Writes the sales as a CSV file.
pub fn rows(file: &Path, sales: &[Sale]) -> Result<(), OutputError> {
    let mut rows = csv::Writer::from_path(file)?;
    for sale in sales {
        rows.serialize(sale)?;
    }
    rows.flush().map_err(about(file))
}

/// Writes the summary as a JSON file.
pub fn summary(file: &Path, summary: &Summary) -> Result<(), OutputError> {
    let text = serde_json::to_string_pretty(summary)? + "\n";
    fs::write(file, text).map_err(about(file))
}

/// Moves files into a directory, over those of the same names, and gives their new places.
pub fn publish(files: &[&Path], out: &Path) -> Result<Vec<PathBuf>, OutputError> {
    files
        .iter()
        .map(|file| {
            let place = out.join(file.file_name().unwrap_or_default());
            fs::rename(file, &place).map_err(about(&place))?;
            Ok(place)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::records::Reject;

    fn sales() -> Sales {
        let sale = |order: &str, country: &str, cents| Sale {
            order: order.to_owned(),
            day: date(2025, 3, 31),
            customer: "Ann, Bob & Co".to_owned(),
            country: country.to_owned(),
            cents,
        };
        Sales {
            base: "EUR".to_owned(),
            sales: vec![
                sale("O1", "DE", 1000),
                sale("O2", "FR", 250),
                sale("O3", "DE", 1),
            ],
            rejects: vec![Reject {
                order: "O4".to_owned(),
                reason: Reason::BadDay,
            }],
        }
    }

    #[test]
    fn all_three_outputs_say_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let sales = sales();
        table(&at("sales.db"), &sales.sales).unwrap();
        rows(&at("sales.csv"), &sales.sales).unwrap();
        summary(&at("summary.json"), &Summary::of(&sales)).unwrap();

        let database = Connection::open(at("sales.db")).unwrap();
        let sum: i64 = database
            .query_row("SELECT sum(cents) FROM sales", (), |row| row.get(0))
            .unwrap();
        assert_eq!(sum, 1251);
        let text = fs::read_to_string(at("sales.csv")).unwrap();
        assert_eq!(
            text.lines().take(2).collect::<Vec<_>>(),
            [
                "order,day,customer,country,cents",
                "O1,2025-03-31,\"Ann, Bob & Co\",DE,1000"
            ]
        );
        let summary: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(at("summary.json")).unwrap()).unwrap();
        assert_eq!(summary["total_cents"], 1251);
        assert_eq!(
            summary["cents_by_country"],
            serde_json::json!({ "DE": 1001, "FR": 250 })
        );
        assert_eq!(summary["rejects"], serde_json::json!({ "bad_day": 1 }));
    }

    #[test]
    fn publishing_replaces_what_was_there() {
        let (staging, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (new, old) = (
            staging.path().join("sales.csv"),
            out.path().join("sales.csv"),
        );
        fs::write(&new, "new").unwrap();
        fs::write(&old, "old").unwrap();
        assert_eq!(
            publish(&[&new], out.path()).unwrap(),
            std::slice::from_ref(&old)
        );
        assert_eq!(fs::read_to_string(old).unwrap(), "new");
        let error = publish(&[&new], out.path()).unwrap_err().to_string();
        assert!(error.contains("sales.csv: "), "{error}");
    }
}
