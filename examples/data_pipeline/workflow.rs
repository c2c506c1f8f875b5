//! The pipeline as a workflow: the steps, and what each of them waits for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use orch::prelude::*;
use reqwest::Client;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cleaning;
use crate::outputs::{self, OutputError, Summary, about};
use crate::records::{Cleaned, Customer, Rates, RawOrder, Sales};
use crate::sources::{self, SourceError};

workflow! {
    /// Turns a shop's orders into sales in one currency, in three forms.
    #[workflow(version = "1.0.0", deadline = "1m")]
    pub SalesPipeline(job: Job) -> Result<Published, PipelineError> {
        orders = read_orders(job.orders.clone());
        customers = read_customers(job.customers.clone());
        rates = fetch_rates(&job.rates);

        cleaned = clean(&orders, &customers);
        sales = convert(&cleaned, &rates);

        staging = open_staging(&job.out);
        table = write_table(staging.clone(), sales.clone());
        rows = write_rows(staging.clone(), sales.clone());
        summary = write_summary(&staging, &sales);

        #[node(on = one_failed)]
        raise_alert(orders, customers, rates, &job.out);

        #[node(finally)]
        remove_staging(staging);

        publish(&table, &rows, &summary, &job.out)
    }
}

/// What a run works on.
#[derive(Debug, Clone)]
pub struct Job {
    /// The SQLite file with the orders.
    pub orders: PathBuf,
    /// The CSV file with the customers.
    pub customers: PathBuf,
    /// The address of the rates.
    pub rates: String,
    /// The directory for the outputs.
    pub out: PathBuf,
}

/// What a run gives.
#[derive(Debug)]
pub struct Published {
    /// The figures.
    pub summary: Summary,
    /// The files.
    pub files: Vec<PathBuf>,
}

/// Why a run gives nothing.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// A source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An output.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Reads the orders. SQLite blocks, so this has a thread of its own.
#[step(blocking)]
fn read_orders(database: PathBuf) -> Result<Vec<RawOrder>, SourceError> {
    sources::orders(&database)
}

/// Reads the customers.
#[step(blocking)]
fn read_customers(file: PathBuf) -> Result<Vec<Customer>, SourceError> {
    sources::customers(&file)
}

/// Asks the service for its rates, again if it is only for the moment that it gives none.
#[step(retries = 3, backoff = "50ms..1s", retry_if = SourceError::is_transient, timeout = "2s")]
async fn fetch_rates(url: &str, #[resource] http: &Client) -> Result<Rates, SourceError> {
    sources::rates(http, url).await
}

/// Keeps the orders that make sense.
#[step]
fn clean(orders: &[RawOrder], customers: &[Customer]) -> Cleaned {
    cleaning::clean(orders, customers)
}

/// Converts the orders to one currency.
#[step]
fn convert(cleaned: &Cleaned, rates: &Rates) -> Sales {
    cleaning::convert(cleaned, rates)
}

/// Makes a directory of this run's own, so that nobody ever sees half of the outputs.
#[step]
async fn open_staging(out: &Path, #[ctx] ctx: &StepCtx) -> Result<PathBuf, OutputError> {
    let staging = out.join(format!(".staging-{}", ctx.run_id()));
    tokio::fs::create_dir_all(&staging)
        .await
        .map_err(about(&staging))?;
    Ok(staging)
}

/// Writes the sales as a table.
#[step(blocking)]
fn write_table(staging: PathBuf, sales: Sales) -> Result<PathBuf, OutputError> {
    let file = staging.join("sales.db");
    outputs::table(&file, &sales.sales)?;
    Ok(file)
}

/// Writes the sales as rows.
#[step(blocking)]
fn write_rows(staging: PathBuf, sales: Sales) -> Result<PathBuf, OutputError> {
    let file = staging.join("sales.csv");
    outputs::rows(&file, &sales.sales)?;
    Ok(file)
}

/// Writes the figures.
#[step]
fn write_summary(staging: &Path, sales: &Sales) -> Result<(PathBuf, Summary), OutputError> {
    let (file, summary) = (staging.join("summary.json"), Summary::of(sales));
    outputs::summary(&file, &summary)?;
    Ok((file, summary))
}

/// Moves what was written to its place.
#[step]
fn publish(
    table: &Path,
    rows: &Path,
    summary: &(PathBuf, Summary),
    out: &Path,
) -> Result<Published, OutputError> {
    let (figures, summary) = summary;
    Ok(Published {
        files: outputs::publish(&[table, rows, figures], out)?,
        summary: summary.clone(),
    })
}

/// What whoever is on call gets to read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Alert {
    /// The run.
    pub run: String,
    /// How each source stands, and why if it failed.
    pub sources: BTreeMap<String, String>,
}

/// Tells whoever is on call how the sources stand, as soon as one has failed: those that are still read are pending.
#[step]
async fn raise_alert(
    orders: Outcome<&Vec<RawOrder>>,
    customers: Outcome<&Vec<Customer>>,
    rates: Outcome<&Rates>,
    out: &Path,
    #[ctx] ctx: &StepCtx,
) -> Result<(), OutputError> {
    let alert = Alert {
        run: ctx.run_id().to_string(),
        sources: [
            ("orders".to_owned(), spoken(&orders)),
            ("customers".to_owned(), spoken(&customers)),
            ("rates".to_owned(), spoken(&rates)),
        ]
        .into(),
    };
    ctx.emit(&alert);
    let file = out.join("alert.json");
    let text = serde_json::to_string_pretty(&alert)?;
    tokio::fs::create_dir_all(out).await.map_err(about(out))?;
    tokio::fs::write(&file, text + "\n")
        .await
        .map_err(about(&file))
}

fn spoken<T>(outcome: &Outcome<T>) -> String {
    match outcome {
        Outcome::Failed(error) => format!("failed: {}", error.message()),
        other => other.as_str().to_owned(),
    }
}

/// Removes this run's directory, however the run ended.
#[step]
async fn remove_staging(staging: Outcome<&PathBuf>) -> Result<(), OutputError> {
    match staging {
        Outcome::Done(staging) => tokio::fs::remove_dir_all(staging)
            .await
            .map_err(about(staging)),
        _ => Ok(()),
    }
}
