//! The second terminal: what an operator sees of the orders in a file, and does about them.
//!
//! The orders are worked on by another process, or will be by the next one; what is asked of them is kept in the file.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use clap::Subcommand;
use jiff::Timestamp;
use orch::store::{Entry, Filter, Sqlite};
use orch::{Checkpoint, Orchestrator, Runs};
use serde_json::Value;

use crate::checkout::Checkout;
use crate::order::{Cents, Quote};

/// What is to be seen or done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the orders and how they stand.
    List,
    /// Show what was recorded of an order.
    Show {
        /// The order, as in `order-7`.
        order: String,
    },
    /// Approve what waits for somebody.
    Approve {
        /// The order, as in `order-7`.
        order: String,
        /// Who approves it.
        #[arg(long)]
        by: String,
        /// Charge this many euro cents instead.
        #[arg(long, value_name = "CENTS")]
        total: Option<u64>,
    },
    /// Reject what waits for somebody.
    Reject {
        /// The order, as in `order-7`.
        order: String,
        /// Who rejects it.
        #[arg(long)]
        by: String,
        /// Why.
        #[arg(long, default_value = "")]
        because: String,
    },
    /// Cancel an order: what was done for it is undone.
    Cancel {
        /// The order, as in `order-7`.
        order: String,
        /// Why.
        #[arg(long, default_value = "an operator cancelled it")]
        because: String,
    },
    /// Have an order that did not succeed tried again.
    Retry {
        /// The order, as in `order-7`.
        order: String,
    },
}

impl Command {
    /// Does it to the orders in a file.
    pub async fn carry_out(self, file: &Path) -> Result<(), Box<dyn Error>> {
        let orch = Orchestrator::builder()
            .store(Sqlite::open(file).await?)
            .workflow(Checkout)
            .max_active_runs(0)
            .build()
            .await?;
        let runs = orch.runs().ok_or("there is no store")?;
        let done = self.ask(&runs).await;
        orch.shutdown(Duration::ZERO).await;
        done
    }

    async fn ask(self, runs: &Runs) -> Result<(), Box<dyn Error>> {
        match self {
            Self::List => list(runs).await?,
            Self::Show { order } => show(runs, &order).await?,
            Self::Approve { order, by, total } => {
                let waiting = waiting(runs, &order).await?;
                match total {
                    None => runs.approve(&order, &waiting.node, &by, "").await?,
                    Some(total) => {
                        let mut quote: Quote = serde_json::from_value(waiting.value)?;
                        quote.total = Cents(total);
                        let quote = serde_json::to_value(quote)?;
                        runs.approve_with(&order, &waiting.node, &by, "", &quote)
                            .await?;
                    }
                }
                println!("{order} is approved by {by}");
            }
            Self::Reject { order, by, because } => {
                let waiting = waiting(runs, &order).await?;
                runs.reject(&order, &waiting.node, &by, &because).await?;
                println!("{order} is rejected by {by}");
            }
            Self::Cancel { order, because } => {
                runs.cancel(&order, &because).await?;
                println!("{order} is to be cancelled");
            }
            Self::Retry { order } => {
                runs.retry(&order).await?;
                println!("{order} is to be tried again");
            }
        }
        Ok(())
    }
}

/// What of an order waits for somebody.
async fn waiting(runs: &Runs, order: &str) -> Result<Checkpoint, Box<dyn Error>> {
    let mut waiting = runs.checkpoints(order).await?;
    let first = waiting.pop();
    first.ok_or_else(|| format!("nothing of {order} waits for somebody").into())
}

/// The orders, the first one first.
async fn list(runs: &Runs) -> Result<(), Box<dyn Error>> {
    let mut orders = runs.list(Filter::default()).await?;
    orders.reverse();
    for order in orders {
        let about = match (&order.output, &order.error) {
            (Some(receipt), _) => Cents(receipt["paid"].as_u64().unwrap_or_default()).to_string(),
            (_, Some(error)) => reason(error),
            _ => match runs.checkpoints(order.id.as_str()).await?.pop() {
                Some(waiting) => asks(order.id.as_str(), &waiting),
                None => String::new(),
            },
        };
        println!("{:10} {:10} {about}", order.id, order.status.as_str());
    }
    Ok(())
}

/// What waits for whom.
pub fn asks(order: &str, waiting: &Checkpoint) -> String {
    let total = waiting.value["total"].as_u64().unwrap_or_default();
    let who = waiting.approvers.join(" or ");
    format!("{} waits for {who}: approve {order} --by …", Cents(total))
}

/// What an order failed with.
fn reason(error: &Value) -> String {
    let first = error["errors"][0]["message"].as_str();
    first
        .or(error["reason"].as_str())
        .unwrap_or_default()
        .to_owned()
}

/// An order and what was recorded of it, in order.
async fn show(runs: &Runs, order: &str) -> Result<(), Box<dyn Error>> {
    let history = runs.history(order).await?;
    let run = &history.run;
    println!(
        "{order} is {}, version {}",
        run.status.as_str(),
        run.version
    );
    for Entry {
        node,
        kind,
        value,
        at,
        ..
    } in &history.entries
    {
        let at = Timestamp::from_millisecond(*at)?;
        let value = value.as_deref().unwrap_or_default();
        println!("  {at:.3}  {:9}  {node:22}  {value}", kind.as_str());
    }
    for signal in &history.signals {
        println!("  signal {}: {}", signal.name, signal.value);
    }
    if let Some(result) = run.output.as_deref().or(run.error.as_deref()) {
        println!("  {result}");
    }
    Ok(())
}
