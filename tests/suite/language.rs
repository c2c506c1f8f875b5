//! The language: equations, control forms, outcomes.

use orch::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    id: u32,
    express: bool,
    items: Vec<String>,
}
#[derive(Debug)]
pub enum ShopError {
    Stock(StockError),
    Card(String),
}
#[derive(Debug)]
pub struct StockError;
impl std::fmt::Display for StockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("out of stock")
    }
}
impl std::error::Error for StockError {}
impl std::fmt::Display for ShopError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}
impl std::error::Error for ShopError {}
impl From<StockError> for ShopError {
    fn from(e: StockError) -> Self {
        Self::Stock(e)
    }
}

#[step(retries = 3, backoff(initial = "1s", factor = 2, jitter = "none"))]
async fn reserve(items: &[String], #[ctx] ctx: &StepCtx) -> Result<u32, StockError> {
    if ctx.attempt() < 3 {
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
async fn rates() -> Result<u32, StockError> {
    Err(StockError)
}
#[step]
fn old_rates() -> u32 {
    7
}
#[step]
async fn charge(n: u32, rates: u32) -> u32 {
    n * rates
}
static RELEASED: AtomicU32 = AtomicU32::new(0);
#[step]
fn release(id: u32) {
    RELEASED.fetch_add(id, Ordering::SeqCst);
}

#[derive(Debug, PartialEq)]
pub struct Receipt {
    label: String,
    total: u32,
    count: usize,
}

workflow! {
    /// Checks out.
    #[workflow(version = "1.2.0", owner = "payments", deadline = "10m")]
    pub Checkout(order: Order) -> Result<Receipt, ShopError> {
        stock = reserve(&order.items);
        rate = rates().or_else(old_rates());
        #[node(after = [parcels])]
        total = charge(stock, rate);
        parcels = for item in &order.items { pack(item) };
        label = if order.express { courier(&parcels) } else { post(&parcels) };
        count = parcels.len();
        #[node(finally)]
        release(order.id);
        Receipt { label, total, count }
    }
}

#[step]
fn turn(n: u32) -> ControlFlow<String, u32> {
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
fn alert(a: Outcome<&u32>, b: Outcome<&String>) -> String {
    format!("{} {}", a.as_str(), b.as_str())
}

workflow! {
    pub Misc(n: u32) -> (String, String, Option<u32>) {
        out = turn(n).repeat(max = 10, every = "1s");
        bad = boom();
        #[node(on = one_failed)]
        note = alert(bad, out);
        #[node(optional)]
        maybe = rates();
        kind = match n { 0 => old_rates(), x if x > 3 => { a = charge(x, x); a + 1 } _ => old_rates() };
        extra = if let Some(m) = &maybe { charge(*m, kind) };
        z = extra.or(maybe).or(Some(kind));
        (out.clone(), note, z)
    }
}

workflow! {
    pub Parent(order: Order) -> Result<String, RunError<ShopError>> {
        receipt = Checkout::run(order.clone());
        format!("{} {}", receipt.label, order.id)
    }
}

#[tokio::test(start_paused = true)]
async fn checkout() {
    let order = Order {
        id: 5,
        express: true,
        items: vec!["a".into(), "b".into()],
    };
    let begun = tokio::time::Instant::now();
    let receipt = Checkout::run(order.clone()).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    assert_eq!(
        receipt,
        Receipt {
            label: "courier [a],[b]".into(),
            total: 14,
            count: 2
        }
    );
    assert_eq!(RELEASED.load(Ordering::SeqCst), 5);
    assert_eq!(Parent::run(order).await.unwrap(), "courier [a],[b] 5");
    println!("{}", Checkout::GRAPH.plan());
    println!("{}", Checkout::GRAPH.to_mermaid());
}

#[tokio::test(start_paused = true)]
async fn misc() {
    let (out, note, z) = Misc::run(5).await.unwrap();
    assert_eq!(out, "done at 20");
    assert!(note.starts_with("failed"), "{note}");
    assert_eq!(z, Some(26));
    let orch = Orchestrator::builder()
        .workflow(Misc)
        .on_event(|e| println!("{e:?}"))
        .build()
        .await
        .unwrap();
    let run = orch.start(Misc, 2).id("x").await.unwrap();
    assert_eq!(run.result().await.unwrap().2, Some(7));
}
