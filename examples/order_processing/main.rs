//! Checks out orders against a service on loopback that fails, stalls and limits.
//!
//! The service keeps its own books, so that the end of the program can compare what the client believes with what
//! really happened: no order is paid twice, and one that was not shipped is not paid at all.
//!
//! ```sh
//! cargo run --example order_processing
//! cargo run --example order_processing -- --orders 40 --fail 0.4 --every 20 --express
//! ```
//!
//! With `--db` the orders are kept in a file, and large ones wait until somebody approves them from another terminal.
//! Kill the program whenever you like: started again, it goes on where it was.
//!
//! ```sh
//! cargo run --example order_processing -- --db orders.db
//! cargo run --example order_processing -- --db orders.db list
//! cargo run --example order_processing -- --db orders.db approve order-7 --by ada
//! cargo run --example order_processing -- --db orders.db show order-7
//! ```

#![expect(
    unreachable_pub,
    reason = "an example has no API: `pub` is what its modules show each other"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is there to be read"
)]

mod chance;
mod checkout;
mod client;
mod faults;
mod ledger;
mod operator;
mod order;
mod report;
mod service;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use metrics_exporter_prometheus::PrometheusBuilder;
use orch::prelude::*;
use orch::store::{Filter, Memory, Sqlite};
use orch::{RunEvent, RunEventKind, RunStatus};
use tokio::task::JoinSet;

use crate::checkout::{Checkout, CheckoutError, PaymentError, StockError};
use crate::client::Shop;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::operator::Command;
use crate::order::{Cents, Item, Order, Receipt};
use crate::report::Stories;
use crate::service::Service;

/// Checks out orders against a service on loopback that fails, stalls and limits.
#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Keep the orders in this SQLite file, and the service's books beside it.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// With `--db`, the number of euros above which somebody has to approve an order.
    #[arg(long, default_value_t = 700)]
    approve_above: u64,
    /// How many orders there are.
    #[arg(long, default_value_t = 12)]
    orders: u32,
    /// How many milliseconds lie between two orders.
    #[arg(long, default_value_t = 100)]
    every: u64,
    /// The share of requests that fail: half of them before anything was done, half of them after.
    #[arg(long, default_value_t = 0.2, value_parser = share)]
    fail: f64,
    /// The share of requests that are carried out and answered too late.
    #[arg(long, default_value_t = 0.05, value_parser = share)]
    stall: f64,
    /// The share of cards that are declined.
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    decline: f64,
    /// How many requests for rates fail before the first one succeeds.
    #[arg(long, default_value_t = 3)]
    outage: u32,
    /// How many reservations the service takes a second.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// How many of each article are in stock.
    #[arg(long, default_value_t = 1_000)]
    stock: u32,
    /// Have the carrier lose every parcel, so that paid orders have to be undone.
    #[arg(long)]
    lost_parcels: bool,
    /// What orders and faults follow from.
    #[arg(long, default_value_t = 13)]
    seed: u64,
    /// Send every order by courier.
    #[arg(long)]
    express: bool,
    /// Override a policy, as in `Checkout.charge.timeout=2s`; may be given more than once.
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Print the metrics that are zero, and the quantiles of durations, as well.
    #[arg(long)]
    all_metrics: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("not between 0 and 1".to_owned())
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("not of the form KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl Args {
    /// The service, with the faults that are asked for.
    fn service(&self) -> std::io::Result<Arc<Service>> {
        let faults = Faults {
            seed: self.seed,
            fail: self.fail,
            stall: self.stall,
            stall_for: STALL,
            outage: self.outage,
            no_shipments: self.lost_parcels,
        };
        let books = self.db.as_ref().map(|db| db.with_extension("books.json"));
        let mut ledger = Ledger::new(&Item::articles(), self.stock);
        if let Some(books) = &books {
            ledger = ledger.or_read(books)?;
        }
        Ok(Service::new(faults, ledger, self.limit, books))
    }

    /// The orchestrator, which talks to the service at this address and tells its stories.
    async fn orchestrator(
        &self,
        address: SocketAddr,
        stories: Stories,
        bar: &ProgressBar,
    ) -> Result<Orchestrator, Box<dyn Error>> {
        let mut builder = Orchestrator::builder()
            .resource(Shop::at(address)?)
            .workflow(Checkout)
            .seed(self.seed)
            .on_event({
                let bar = bar.clone();
                move |event| {
                    announce(&bar, event);
                    stories.tell(event);
                }
            });
        builder = match &self.db {
            Some(file) => builder.store(Sqlite::open(file).await?),
            None => builder.store(Memory::new()),
        };
        for (key, value) in &self.set {
            builder = builder.set(key, value);
        }
        Ok(builder.build().await?)
    }

    /// The order of this number.
    fn order(&self, id: u32) -> Order {
        let order = Order::generate(self.seed, id, self.decline, self.express);
        match self.db {
            Some(_) => Order {
                limit: Cents(self.approve_above * 100),
                ..order
            },
            None => order,
        }
    }
}

/// Longer than any step waits for an answer.
const STALL: Duration = Duration::from_secs(30);

/// How long steps may go on after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = Args::parse();
    let done = match (args.command.take(), &args.db) {
        (None, _) => check_out(args).await,
        (Some(command), Some(file)) => command.carry_out(file).await.map(|()| true),
        (Some(_), None) => Err("which orders? Say where they are, as in `--db orders.db`".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Says at once what is worth knowing while the orders are under way.
fn announce(bar: &ProgressBar, event: &RunEvent) {
    match &event.kind {
        RunEventKind::NodeStarted { node, .. } if &**node == "agreed/review" => {
            bar.suspend(|| println!("{:10} waits for somebody to approve it", event.run));
        }
        RunEventKind::NodeStarted { node, .. } => bar.set_message(format!("{} {node}", event.run)),
        _ => {}
    }
}

/// Says which orders wait since the program ran before.
async fn remind(orch: &Orchestrator) -> Result<(), Box<dyn Error>> {
    let runs = orch.runs().ok_or("there is no store")?;
    let filter = Filter {
        statuses: vec![RunStatus::Waiting],
        ..Filter::default()
    };
    for run in runs.list(filter).await? {
        for waiting in runs.checkpoints(run.id.as_str()).await? {
            println!(
                "{:10} {}",
                run.id,
                operator::asks(run.id.as_str(), &waiting)
            );
        }
    }
    Ok(())
}

/// Checks the orders out, and says whether the client's counts and the service's books agree.
async fn check_out(args: Args) -> Result<bool, Box<dyn Error>> {
    let recorded = PrometheusBuilder::new().install_recorder()?;
    let service = args.service()?;
    let (address, served) = service.clone().listen().await?;
    let served = tokio::spawn(served);
    let stories = Stories::default();
    let style = ProgressStyle::with_template("{bar:32.cyan/dim} {pos}/{len}  {msg}")?;
    let bar = ProgressBar::new(args.orders.into()).with_style(style);
    let orch = args.orchestrator(address, stories.clone(), &bar).await?;

    println!("{} orders, {}\n", args.orders, address);
    remind(&orch).await?;
    let mut tally = Tally::default();
    let ended = tokio::select! {
        ended = all(&args, &orch, &bar, &stories, &mut tally) => ended.map(|()| true)?,
        stopped = tokio::signal::ctrl_c() => stopped.map(|()| false)?,
    };
    bar.finish_and_clear();
    if !ended {
        orch.shutdown(GRACE).await;
        println!("stopped; started again, it goes on where it was");
        return Ok(args.db.is_some());
    }
    served.abort();

    let metrics = recorded.render();
    let (table, agree) = report::compared(&service.counts(), &metrics, &stories);
    println!("\nWhat the service counted, and what the client counted:\n\n{table}");
    for breaker in orch.breakers() {
        let seen = breaker.snapshot();
        println!(
            "breaker {}: opened {}, refused {} calls",
            breaker.name(),
            seen.opened,
            seen.refused
        );
    }
    let balanced = tally.balanced(&service.ledger());
    if args.all_metrics {
        println!("\nPrometheus:\n\n{metrics}");
    } else {
        println!(
            "\nPrometheus, zeros and quantiles left out:\n\n{}",
            report::brief(&metrics)
        );
    }
    Ok(agree && balanced)
}

/// Starts the orders, those that are kept already go on, and says how each ended.
async fn all(
    args: &Args,
    orch: &Orchestrator,
    bar: &ProgressBar,
    stories: &Stories,
    tally: &mut Tally,
) -> Result<(), Box<dyn Error>> {
    let mut runs = JoinSet::new();
    for id in 1..=args.orders {
        let order = args.order(id);
        let name = order.name();
        let run = orch.start(Checkout, order).id(&name).await?;
        runs.spawn(async move { (name, run.result().await) });
        tokio::time::sleep(Duration::from_millis(args.every)).await;
    }
    while let Some(ended) = runs.join_next().await {
        let (name, result) = ended?;
        bar.inc(1);
        bar.suspend(|| {
            println!("{name:10} {}", tally.count(result));
            for line in stories.of(&name) {
                println!("           · {line}");
            }
        });
    }
    Ok(())
}

/// How the orders ended.
#[derive(Debug, Default)]
struct Tally {
    shipped: usize,
    declined: usize,
    sold_out: usize,
    failed: usize,
    paid: Cents,
}

impl Tally {
    /// Counts how an order ended, and says it.
    fn count(&mut self, result: Result<Receipt, RunError<CheckoutError>>) -> String {
        let error = match result {
            Ok(receipt) => {
                self.shipped += 1;
                self.paid = Cents(self.paid.0 + receipt.paid.0);
                return format!(
                    "shipped   {:>9}  {:16}  {}",
                    receipt.paid, receipt.rates, receipt.tracking
                );
            }
            Err(error) => error,
        };
        match error.error() {
            Some(CheckoutError::Payment(PaymentError::Declined(why))) => {
                self.declined += 1;
                format!("declined  {why}")
            }
            Some(CheckoutError::Stock(StockError::SoldOut(why))) => {
                self.sold_out += 1;
                format!("sold out  {why}")
            }
            Some(other) => {
                self.failed += 1;
                format!("failed    {other}")
            }
            None => {
                self.failed += 1;
                format!("failed    {error}")
            }
        }
    }

    /// Compares what the customers were told with the service's books.
    fn balanced(&self, ledger: &Ledger) -> bool {
        let Self {
            shipped,
            declined,
            sold_out,
            failed,
            paid,
        } = self;
        println!(
            "\norders: {shipped} shipped, {declined} declined, {sold_out} sold out, {failed} failed"
        );
        let (twice, balance) = (ledger.twice(), ledger.balance());
        println!(
            "books:  {} shipped, {} reserved, {} payments of which {} given back, {} things done twice, {} locked",
            ledger.shipped(),
            ledger.reserved(),
            ledger.payments(),
            ledger.refunds(),
            twice.len(),
            ledger.locked(),
        );
        println!("money:  {paid} on receipts, {balance} in the books");
        twice.is_empty()
            && balance == *paid
            && ledger.shipped() == *shipped
            && ledger.reserved() == *shipped
            && ledger.locked() == 0
    }
}
