//! Reads orders, customers and rates from three sources at once, cleans and converts them in order, and writes three
//! outputs at once; tells whoever is on call if a source fails, and cleans up however it ends.
//!
//! ```sh
//! cargo run --example data_pipeline
//! cargo run --example data_pipeline -- --break rates
//! ```

#![expect(unreachable_pub, reason = "the modules of a program")]

mod cleaning;
mod outputs;
mod outside;
mod records;
mod sources;
mod workflow;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use orch::{Emissions, Orchestrator, RunError, RunEvent, RunEventKind};

use crate::outside::{Break, Outside};
use crate::workflow::{Alert, Job, PipelineError, Published, SalesPipeline};

/// Turns a shop's orders into sales in one currency: a table, a CSV file and a summary.
///
/// Ends with 0 if the outputs were published, with 1 if a source failed (an alert says which), with 2 if the arguments
/// are wrong, and with 3 if the outputs could not be written.
#[derive(Debug, Parser)]
#[command(name = "data_pipeline")]
struct Arguments {
    /// The directory with orders.db (or orders.sql), customers.csv and rates.json.
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data_pipeline/data"))]
    input: PathBuf,

    /// The directory for the outputs.
    #[arg(long, value_name = "DIR", default_value = "target/data_pipeline")]
    out: PathBuf,

    /// Break a source, to see what happens then.
    #[arg(long = "break", value_name = "SOURCE", default_value = "none")]
    broken: Break,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // Nothing can be said where nobody listens.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let outside = Outside::set_up(&arguments.input, arguments.broken).await?;
    let orch = Orchestrator::builder()
        .resource(reqwest::Client::new())
        .workflow(SalesPipeline)
        .on_event(tell)
        .build()
        .await?;
    let job = Job {
        orders: outside.orders.clone(),
        customers: outside.customers.clone(),
        rates: outside.rates.clone(),
        out: arguments.out,
    };
    let mut run = orch.start(SalesPipeline, job).await?;
    let alerts = page(run.emissions());
    let (result, alerts) = tokio::join!(run.result(), alerts);
    alerts?;
    match result {
        Ok(published) => {
            summarize(&published)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            for failure in error.failures() {
                writeln!(io::stderr(), "error: {}", failure.message())?;
            }
            Ok(code(&error))
        }
    }
}

/// Pages whoever is on call, at once and not when the run has ended.
async fn page(mut emissions: Emissions) -> Result<(), Box<dyn Error>> {
    while let Some(emission) = emissions.next().await {
        let alert: Alert = emission.get()?;
        for (source, state) in alert.sources {
            writeln!(io::stderr(), "ALERT {source}: {state}")?;
        }
    }
    Ok(())
}

/// The exit code says whose failure it is.
fn code(error: &RunError<PipelineError>) -> ExitCode {
    match error.error() {
        Some(PipelineError::Output(_)) => ExitCode::from(3),
        Some(PipelineError::Source(_)) | None => ExitCode::FAILURE,
    }
}

/// Prints what happens in a run, a line each.
fn tell(event: &RunEvent) {
    let line = match &event.kind {
        RunEventKind::AttemptFailed {
            error,
            retry_in: Some(wait),
        } => format!(
            "{:<16} {}; again in {wait:.0?}",
            error.node(),
            error.message()
        ),
        RunEventKind::NodeEnded {
            node,
            status,
            duration,
            ..
        } if duration.is_zero() => format!("{node:<16} {}", status.as_str()),
        RunEventKind::NodeEnded {
            node,
            status,
            duration,
            ..
        } => format!("{node:<16} {:<10} {duration:>8.1?}", status.as_str()),
        RunEventKind::RunEnded { status, duration } => {
            format!("{:<16} {:<10} {duration:>8.1?}", "run", status.as_str())
        }
        _ => return,
    };
    // Nothing can be said where nobody listens.
    let _ = writeln!(io::stdout(), "{line}");
}

fn summarize(published: &Published) -> io::Result<()> {
    let (summary, mut out) = (&published.summary, io::stdout().lock());
    let amount = |cents: i64| format!("{}.{:02} {}", cents / 100, cents % 100, summary.currency);
    writeln!(
        out,
        "\n{} sales, {} in all",
        summary.sales,
        amount(summary.total_cents)
    )?;
    for (country, cents) in &summary.cents_by_country {
        writeln!(out, "  {country}  {:>16}", amount(*cents))?;
    }
    writeln!(
        out,
        "{} orders left out: {}",
        summary.rejected.len(),
        summary.rejected.join(", ")
    )?;
    for file in &published.files {
        writeln!(out, "wrote {}", file.display())?;
    }
    Ok(())
}
