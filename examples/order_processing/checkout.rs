//! The checkout: its steps, their policies, and the graph.

use jiff::civil::Date;
use orch::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::client::{CallError, Shop};
use crate::order::{
    self, Card, Charge, Item, Label, Order, Parcel, Quote, Rates, RatesFrom, Receipt, Reservation,
    Shipment,
};

/// Why an order was not carried out.
#[derive(Debug, Error, Serialize, Deserialize)]
pub enum CheckoutError {
    /// The card was declined.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The items could not be set aside.
    #[error(transparent)]
    Stock(#[from] StockError),
    /// The backend failed, retries included.
    #[error(transparent)]
    Backend(#[from] CallError),
}

/// Why no money was taken.
#[derive(Debug, Error, Serialize, Deserialize)]
pub enum PaymentError {
    /// The bank says no.
    #[error("the card was declined: {0}")]
    Declined(String),
    /// The payment service failed.
    #[error(transparent)]
    Call(CallError),
}

/// Why no items were set aside.
#[derive(Debug, Error, Serialize, Deserialize)]
pub enum StockError {
    /// There are not enough.
    #[error("{0}")]
    SoldOut(String),
    /// The stock service failed.
    #[error(transparent)]
    Call(CallError),
}

impl From<CallError> for PaymentError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused {
                status: CallError::PAYMENT_REQUIRED,
                reason,
            } => Self::Declined(reason),
            other => Self::Call(other),
        }
    }
}

impl From<CallError> for StockError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused {
                status: CallError::CONFLICT,
                reason,
            } => Self::SoldOut(reason),
            other => Self::Call(other),
        }
    }
}

impl PaymentError {
    fn retry(&self) -> Retry {
        match self {
            Self::Declined(_) => Retry::No,
            Self::Call(error) => error.retry(),
        }
    }
}

impl StockError {
    fn retry(&self) -> Retry {
        match self {
            Self::SoldOut(_) => Retry::No,
            Self::Call(error) => error.retry(),
        }
    }
}

/// An order that nobody else works on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lock {
    order: u32,
}

/// Sees to it that nobody else works on the order.
#[step(retries = 5, backoff = "50ms..1s", timeout = "400ms", retry_if = CallError::retry)]
async fn lock_order(
    order: u32,
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<Lock, CallError> {
    shop.lock(order, ctx.run_id().as_str()).await?;
    Ok(Lock { order })
}

/// Spot rates of a trading day.
#[step(
    retries = 1,
    backoff = "50ms..200ms",
    timeout = "400ms",
    cache_ttl = 600,
    breaker(failure_threshold = 3, recovery_timeout = "500ms"),
    retry_if = CallError::retry,
)]
async fn fetch_rates(day: Date, #[resource] shop: &Shop) -> Result<Rates, CallError> {
    shop.rates(day).await
}

/// The rates of the printed price list.
#[step]
fn last_known_rates() -> Rates {
    Rates::last_known()
}

/// What the order costs, and where the rates came from.
#[step]
fn price(order: &Order, rates: &Rates, #[ctx] ctx: &StepCtx) -> Quote {
    let from = match ctx.origin("rates") {
        Some(Origin::Cache { .. }) => RatesFrom::Cache,
        Some(Origin::Fallback { .. }) => RatesFrom::PriceList,
        _ => RatesFrom::Market,
    };
    order::quote(order, rates, from)
}

/// Sets the items aside; the service says how long to stay away when it has too much to do.
#[step(
    retries = 8,
    backoff = "50ms..1s",
    timeout = "400ms",
    rate_limit("40/s", burst = 4),
    retry_if = StockError::retry,
    compensate = release_stock,
)]
async fn reserve_stock(
    order: u32,
    items: &[Item],
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<Reservation, StockError> {
    Ok(shop.reserve(order, items, &ctx.idempotency_key()).await?)
}

/// Puts the items back, also where they were set aside and the answer lost.
#[step(retries = 8, backoff = "50ms..1s", timeout = "400ms", retry_if = CallError::retry)]
async fn release_stock(
    _stock: Outcome<&Reservation>,
    order: u32,
    _items: &[Item],
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<(), CallError> {
    shop.release(order, &ctx.idempotency_key()).await
}

/// Puts a large order before somebody who may approve it; what they approve is what is charged.
#[step(checkpoint_after(approvers = ["ada", "grace"], expires = "2d"))]
fn review(quote: &Quote) -> Quote {
    quote.clone()
}

/// Takes the money, once: every attempt carries the same key, before a crash and after it.
#[step(
    retries = 5,
    backoff = "50ms..1s",
    timeout = "400ms",
    retry_if = PaymentError::retry,
    compensate = refund,
)]
async fn charge_card(
    quote: &Quote,
    card: Card,
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<Charge, PaymentError> {
    Ok(shop.charge(quote, &card, &ctx.idempotency_key()).await?)
}

/// Gives the money back, also where it was taken and the answer lost.
#[step(retries = 8, backoff = "50ms..1s", timeout = "400ms", retry_if = CallError::retry)]
async fn refund(
    _charge: Outcome<&Charge>,
    quote: &Quote,
    _card: Card,
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<(), CallError> {
    shop.refund(quote.order, &ctx.idempotency_key()).await
}

/// Packs one line of the order.
#[step]
fn pack(item: &Item) -> Parcel {
    order::parcel(item)
}

/// A label of the courier; there is one printer for all labels.
#[step(timeout = "400ms", rate_limit("8/s", burst = 2, name = "labels"))]
async fn courier_label(
    order: u32,
    parcels: &[Parcel],
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<Label, CallError> {
    shop.label(order, "courier", parcels, &ctx.idempotency_key())
        .await
}

/// A label of the post.
#[step(
    retries = 5,
    backoff = "50ms..1s",
    timeout = "400ms",
    rate_limit("8/s", burst = 2, name = "labels"),
    retry_if = CallError::retry,
)]
async fn post_label(
    order: u32,
    parcels: &[Parcel],
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<Label, CallError> {
    shop.label(order, "post", parcels, &ctx.idempotency_key())
        .await
}

/// Hands the parcels over.
#[step(
    retries = 5,
    backoff = "50ms..1s",
    timeout = "400ms",
    retry_if = CallError::retry,
    compensate = call_back,
)]
async fn ship(
    label: &Label,
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<Shipment, CallError> {
    shop.ship(label, &ctx.idempotency_key()).await
}

/// Has the parcels brought back, also where they were handed over and the answer lost.
#[step(retries = 8, backoff = "50ms..1s", timeout = "400ms", retry_if = CallError::retry)]
async fn call_back(
    _shipment: Outcome<&Shipment>,
    label: &Label,
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<(), CallError> {
    shop.call_back(label.order, &ctx.idempotency_key()).await
}

/// Lets others work on the order again, also where the lock was given and the answer lost.
#[step(retries = 8, backoff = "50ms..1s", timeout = "400ms", retry_if = CallError::retry)]
async fn release_lock(
    order: u32,
    lock: Outcome<&Lock>,
    #[ctx] ctx: &StepCtx,
    #[resource] shop: &Shop,
) -> Result<(), CallError> {
    match lock {
        Outcome::Done(_) | Outcome::Failed(_) => shop.unlock(order, ctx.run_id().as_str()).await,
        Outcome::Skipped | Outcome::Blocked | Outcome::Pending => Ok(()),
    }
}

workflow! {
    /// Prices an order, charges the card and ships it.
    #[workflow(version = "2.0.0", owner = "payments", deadline = "7d", durable)]
    pub Checkout(order: Order) -> Result<Receipt, CheckoutError> {
        lock    = lock_order(order.id);
        rates   = fetch_rates(order.day).or_else(last_known_rates());
        quote   = price(&order, &rates);
        agreed  = if quote.total > order.limit { review(&quote) } else { quote.clone() };

        #[node(after = [lock])]
        stock   = reserve_stock(order.id, &order.items);

        #[node(after = [stock])]
        charge  = charge_card(&agreed, order.card.clone());

        parcels = for item in &stock.items { pack(item) };
        label   = if order.express {
            courier_label(order.id, &parcels).or_else(post_label(order.id, &parcels))
        } else {
            post_label(order.id, &parcels)
        };

        #[node(after = [charge])]
        shipment = ship(&label);

        #[node(finally)]
        release_lock(order.id, lock);

        Receipt {
            order: shipment.order,
            paid: charge.amount,
            rates: agreed.rates,
            carrier: label.carrier.clone(),
            tracking: shipment.tracking.clone(),
        }
    }
}
