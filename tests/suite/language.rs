//! The language: equations, control forms, outcomes, and the graph that they declare.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orch::prelude::*;
use tokio::time::Instant;

#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    id: u32,
    express: bool,
    items: Vec<String>,
}

impl Order {
    fn of(items: &[&str]) -> Self {
        Self {
            id: 5,
            express: true,
            items: items.iter().map(ToString::to_string).collect(),
        }
    }
}

#[derive(Debug, PartialEq)]
pub enum ShopError {
    Stock(StockError),
}

#[derive(Debug, PartialEq)]
pub struct StockError;

impl fmt::Display for StockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of stock")
    }
}

impl fmt::Display for ShopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the shop could not serve")
    }
}

impl std::error::Error for StockError {}

impl std::error::Error for ShopError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Stock(error) => Some(error),
        }
    }
}

impl From<StockError> for ShopError {
    fn from(error: StockError) -> Self {
        Self::Stock(error)
    }
}

/// Takes what an order wants from the shelf.
#[step(retries = 3, backoff(initial = "1s", jitter = "none"))]
async fn reserve(items: &[String], #[ctx] ctx: &StepCtx) -> Result<u32, StockError> {
    if items.is_empty() || ctx.attempt() < 3 {
        return Err(StockError);
    }
    Ok(items.len() as u32)
}

#[step]
fn pack(item: &str) -> String {
    format!("[{item}]")
}

#[step]
fn courier(parcels: &[String]) -> String {
    format!("courier {}", parcels.join(","))
}

#[step]
async fn post(parcels: &[String]) -> String {
    tokio::time::sleep(Duration::from_secs(1)).await;
    format!("post {}", parcels.join(","))
}

#[step]
async fn spot_rate() -> Result<u32, StockError> {
    Err(StockError)
}

#[step]
fn last_known_rate() -> u32 {
    7
}

#[step]
async fn charge(count: u32, rate: u32) -> u32 {
    count * rate
}

#[step]
fn release(lock: Arc<AtomicU32>) {
    lock.fetch_add(1, Ordering::SeqCst);
}

#[derive(Debug, PartialEq)]
pub struct Receipt {
    label: String,
    total: u32,
    count: usize,
}

workflow! {
    /// Reserves, packs and charges.
    #[workflow(version = "1.2.0", owner = "payments", deadline = "10m")]
    pub Checkout(order: Order, lock: Arc<AtomicU32>) -> Result<Receipt, ShopError> {
        stock = reserve(&order.items);
        rate = spot_rate().or_else(last_known_rate());
        #[node(after = [parcels])]
        total = charge(stock, rate);
        parcels = for item in &order.items { pack(item) };
        label = if order.express { courier(&parcels) } else { post(&parcels) };
        count = parcels.len();
        #[node(finally)]
        release(lock);
        Receipt { label, total, count }
    }
}

#[tokio::test(start_paused = true)]
async fn equations_run_as_soon_as_what_they_name_is_there() {
    let lock = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let receipt = Checkout::run(Order::of(&["a", "b"]), Arc::clone(&lock)).await;
    assert_eq!(
        receipt.unwrap(),
        Receipt {
            label: "courier [a],[b]".to_owned(),
            total: 14,
            count: 2
        }
    );
    assert_eq!(
        begun.elapsed(),
        Duration::from_secs(3),
        "two waits of the backoff"
    );
    assert_eq!(lock.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn the_declared_error_comes_back_as_its_type() {
    let lock = Arc::new(AtomicU32::new(0));
    let error = Checkout::run(Order::of(&[]), Arc::clone(&lock))
        .await
        .unwrap_err();
    assert_eq!(error.error(), Some(&ShopError::Stock(StockError)));
    let failed = &error.failures()[0];
    assert_eq!(
        (failed.node(), failed.step(), failed.attempt()),
        ("stock", "reserve", 4)
    );
    let source = std::error::Error::source(failed).unwrap();
    assert!(source.downcast_ref::<ShopError>().is_some());
    assert_eq!(
        lock.load(Ordering::SeqCst),
        1,
        "`finally` runs after a failure too"
    );
}

#[step]
fn grow(n: u32) -> ControlFlow<String, u32> {
    if n > 10 {
        ControlFlow::Break(format!("done at {n}"))
    } else {
        ControlFlow::Continue(n * 2)
    }
}

#[step]
fn boom() -> u32 {
    panic!("kaboom")
}

#[step]
fn report(failed: Outcome<&u32>, done: Outcome<&String>) -> String {
    let why = failed.error().map_or("", |error| error.message());
    format!("{} ({why}), {}", failed.as_str(), done.as_str())
}

workflow! {
    pub Forms(n: u32) -> (String, String, Option<u32>) {
        out = grow(n).repeat(max = 10, every = "1s");
        bad = boom();
        #[node(on = all_done)]
        note = report(bad, out);
        #[node(optional)]
        rate = spot_rate();
        kind = match n {
            0 => last_known_rate(),
            x if x > 3 => {
                squared = charge(x, x);
                squared + 1
            }
            _ => last_known_rate(),
        };
        extra = if let Some(rate) = &rate { charge(*rate, kind) };
        known = extra.or(rate).or(Some(kind));
        (out.clone(), note, known)
    }
}

#[tokio::test(start_paused = true)]
async fn control_forms_and_outcomes() {
    let begun = Instant::now();
    let (out, note, known) = Forms::run(5).await.unwrap();
    assert_eq!(out, "done at 20");
    assert_eq!(
        begun.elapsed(),
        Duration::from_secs(2),
        "a turn each second"
    );
    assert_eq!(note, "failed (kaboom), done");
    assert_eq!(known, Some(26));
    assert_eq!(Forms::run(2).await.unwrap().2, Some(7));
}

workflow! {
    pub Audited(order: Order, lock: Arc<AtomicU32>) -> Result<String, RunError<ShopError>> {
        receipt = Checkout::run(order.clone(), lock.clone());
        format!("{} for {}", receipt.label, order.id)
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_runs_inside_another() {
    let lock = Arc::new(AtomicU32::new(0));
    let audited = Audited::run(Order::of(&["a"]), Arc::clone(&lock)).await;
    assert_eq!(audited.unwrap(), "courier [a] for 5");
    let error = Audited::run(Order::of(&[]), lock).await.unwrap_err();
    let inner = error.error().unwrap();
    assert_eq!(inner.error(), Some(&ShopError::Stock(StockError)));
    assert_eq!(inner.workflow(), "Checkout");
}

#[test]
fn the_graph_is_data() {
    let graph = Checkout::GRAPH;
    assert_eq!(
        graph.topological_order(),
        ["stock", "rate", "parcels", "total", "label", "release"]
    );
    assert_eq!(graph.roots(), ["stock", "rate", "parcels"]);
    assert_eq!(graph.depth(), 2);
    assert_eq!((graph.owner(), graph.version()), ("payments", "1.2.0"));
    assert!(graph.to_svg().starts_with("<svg"));
    assert!(graph.to_mermaid().contains("stock"));
}

#[test]
fn a_dry_run_says_what_would_run_and_runs_nothing() {
    let plan = Checkout::GRAPH.plan().to_string();
    assert!(plan.contains("retries 3"), "{plan}");
    let json = serde_json::to_value(Checkout::GRAPH.plan()).unwrap();
    assert_eq!(json["deadline"], "10m");
}

#[step]
fn is_many(n: u32) -> bool {
    n > 1
}

workflow! {
    pub SameStepInside(n: u32) -> u32 {
        first = if is_many(n) { second = charge(n, 2); charge(second, 2) } else { charge(n, 3) };
        items = for k in 0..2_u32 { charge(k, first) };
        last = items.iter().sum();
        charge(last, 1)
    }
}

#[tokio::test]
async fn a_step_may_give_the_result_of_a_workflow_and_of_bodies_in_it() {
    assert_eq!(SameStepInside::run(1).await.unwrap(), 3);
    assert_eq!(SameStepInside::run(2).await.unwrap(), 8);
}

macro_rules! generated {
    ($name:ident, $called:ident, $turned:ident, $child:ident) => {
        workflow! {
            pub $name(n: u32) -> String {
                failed = boom();
                turned = $turned(n).repeat(max = 5);
                child = $child::run(n);
                #[node(on = all_done)]
                called = $called(failed, turned);
                format!("{called} {child}")
            }
        }
    };
}

generated!(Generated, report, grow, SameStepInside);

#[tokio::test]
async fn a_macro_may_write_a_workflow() {
    assert_eq!(Generated::run(2).await.unwrap(), "failed (kaboom), done 8");
}
