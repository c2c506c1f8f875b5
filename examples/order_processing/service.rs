//! The shop's backend as a real HTTP service on loopback: it fails, stalls and limits, and keeps books.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use crate::faults::{Fault, Faults};
use crate::ledger::{Answer, Ledger, Refusal};
use crate::order::{Card, Cents, Item, Rates};

/// The header under which a caller says that a request is one that it has sent before.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The service.
#[derive(Debug)]
pub struct Service {
    faults: Faults,
    /// Where the books are kept, if they are to outlive the program.
    books: Option<PathBuf>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    ledger: Ledger,
    limit: Limit,
    /// How often each subject was asked for: what decides about the next fault.
    asked: HashMap<String, u32>,
    counts: BTreeMap<&'static str, Counts>,
}

/// What one endpoint met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub requests: u32,
    /// Sent away with 429.
    pub limited: u32,
    /// Sent away with 503.
    pub refused: u32,
    /// Carried out and answered with 500.
    pub lost: u32,
    /// Carried out and answered too late.
    pub stalled: u32,
    /// Answered as before, because the idempotency key was known.
    pub replayed: u32,
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            limited: self.limited + other.limited,
            refused: self.refused + other.refused,
            lost: self.lost + other.lost,
            stalled: self.stalled + other.stalled,
            replayed: self.replayed + other.replayed,
        }
    }
}

impl Service {
    /// A service with these faults, which takes so many reservations a second and keeps its books in this file.
    pub fn new(
        faults: Faults,
        ledger: Ledger,
        reservations_per_second: u32,
        books: Option<PathBuf>,
    ) -> Arc<Self> {
        let inner = Inner {
            ledger,
            limit: Limit::new(reservations_per_second),
            asked: HashMap::new(),
            counts: BTreeMap::new(),
        };
        Arc::new(Self {
            faults,
            books,
            inner: Mutex::new(inner),
        })
    }

    /// Listens on a free port of loopback; the future serves until it is dropped.
    pub async fn listen(
        self: Arc<Self>,
    ) -> std::io::Result<(SocketAddr, impl Future<Output = ()>)> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let app = Router::new()
            .route("/rates/{day}", get(rates))
            .route("/locks/{order}", post(lock).delete(unlock))
            .route("/stock/{order}", post(stock).delete(release))
            .route("/charges/{order}", post(charge).delete(refund))
            .route("/labels/{order}/{carrier}", post(label))
            .route("/shipments/{order}", post(ship).delete(call_back))
            .layer(middleware::from_fn_with_state(Arc::clone(&self), misbehave))
            .with_state(self);
        let served = async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the service stopped: {error}");
            }
        };
        Ok((address, served))
    }

    /// What each endpoint met.
    pub fn counts(&self) -> BTreeMap<&'static str, Counts> {
        self.inner().counts.clone()
    }

    /// The books as they are.
    pub fn ledger(&self) -> Ledger {
        self.inner().ledger.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the books, which are kept before anybody is answered.
    fn book<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut inner = self.inner();
        let answer = work(&mut inner.ledger);
        if let Some(path) = &self.books
            && let Err(error) = inner.ledger.write(path)
        {
            eprintln!("the books are not kept: {error}");
        }
        answer
    }

    /// Carries a request out, once for each idempotency key.
    fn once(
        &self,
        endpoint: &'static str,
        headers: &HeaderMap,
        work: impl FnOnce(&mut Ledger) -> Answer,
    ) -> Response {
        let (answer, known) = self.book(|ledger| ledger.once(key_of(headers), work));
        if known {
            self.inner().counts.entry(endpoint).or_default().replayed += 1;
        }
        answered(answer)
    }
}

impl Inner {
    /// Notes a request, and says what goes wrong with it.
    fn note(
        &mut self,
        endpoint: &'static str,
        path: &str,
        faults: &Faults,
    ) -> Result<Option<Fault>, Duration> {
        let counts = self.counts.entry(endpoint).or_default();
        counts.requests += 1;
        if endpoint == "stock"
            && let Err(wait) = self.limit.take(Instant::now())
        {
            counts.limited += 1;
            return Err(wait);
        }
        let asked = self.asked.entry(format!("{endpoint} {path}")).or_default();
        *asked += 1;
        let fault = if endpoint == "rates" {
            (counts.requests <= faults.outage).then_some(Fault::Refused)
        } else {
            faults.of(endpoint, path, *asked)
        };
        match fault {
            Some(Fault::Refused) => counts.refused += 1,
            Some(Fault::Lost) => counts.lost += 1,
            Some(Fault::Stalled) => counts.stalled += 1,
            None => {}
        }
        Ok(fault)
    }
}

/// Fails, stalls and limits around what the service really does.
async fn misbehave(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let Some(endpoint) = endpoint(request.method(), &path) else {
        return next.run(request).await;
    };
    let fault = service.inner().note(endpoint, &path, &service.faults);
    match fault {
        Err(wait) => {
            let seconds = wait.as_secs_f64().ceil().to_string();
            (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, seconds)],
            )
                .into_response()
        }
        Ok(Some(Fault::Refused)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Ok(Some(Fault::Lost)) => {
            next.run(request).await;
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Ok(Some(Fault::Stalled)) => {
            let response = next.run(request).await;
            tokio::time::sleep(service.faults.stall_for).await;
            response
        }
        Ok(None) => next.run(request).await,
    }
}

/// What a request is for, in the words of the workflow.
fn endpoint(method: &Method, path: &str) -> Option<&'static str> {
    let first = path.split('/').nth(1)?;
    Some(match (first, method == Method::DELETE) {
        ("rates", _) => "rates",
        ("locks", false) => "lock",
        ("locks", true) => "release-lock",
        ("stock", false) => "stock",
        ("stock", true) => "release-stock",
        ("charges", false) => "charge",
        ("charges", true) => "refund",
        ("labels", _) => "label",
        ("shipments", false) => "shipment",
        ("shipments", true) => "call-back",
        _ => return None,
    })
}

fn key_of(headers: &HeaderMap) -> &str {
    let key = headers.get(IDEMPOTENCY_KEY);
    key.and_then(|key| key.to_str().ok()).unwrap_or_default()
}

fn answered(answer: Answer) -> Response {
    match answer {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => {
            let (status, reason) = match refusal {
                Refusal::Payment(reason) => (StatusCode::PAYMENT_REQUIRED, reason),
                Refusal::Conflict(reason) => (StatusCode::CONFLICT, reason),
            };
            (status, Json(json!({ "reason": reason }))).into_response()
        }
    }
}

type Shared = State<Arc<Service>>;

async fn rates(Path(day): Path<Date>) -> Json<Rates> {
    Json(Rates::of(day))
}

async fn lock(State(service): Shared, Path(order): Path<u32>, headers: HeaderMap) -> Response {
    answered(service.book(|ledger| ledger.lock(order, key_of(&headers))))
}

async fn unlock(State(service): Shared, Path(order): Path<u32>, headers: HeaderMap) -> Response {
    answered(service.book(|ledger| ledger.unlock(order, key_of(&headers))))
}

async fn stock(
    State(service): Shared,
    Path(order): Path<u32>,
    headers: HeaderMap,
    Json(items): Json<Vec<Item>>,
) -> Response {
    service.once("stock", &headers, |ledger| ledger.reserve(order, items))
}

/// What the service wants to know to take money.
#[derive(Debug, Deserialize)]
struct ToCharge {
    amount: Cents,
    card: Card,
}

async fn charge(
    State(service): Shared,
    Path(order): Path<u32>,
    headers: HeaderMap,
    Json(ToCharge { amount, card }): Json<ToCharge>,
) -> Response {
    let declined = card.number == Card::DECLINED;
    service.once("charge", &headers, |ledger| {
        ledger.charge(order, amount, declined)
    })
}

async fn label(
    State(service): Shared,
    Path((order, carrier)): Path<(u32, String)>,
    headers: HeaderMap,
    Json(grams): Json<u32>,
) -> Response {
    service.once("label", &headers, |ledger| {
        ledger.label(order, &carrier, grams)
    })
}

async fn ship(
    State(service): Shared,
    Path(order): Path<u32>,
    headers: HeaderMap,
    Json(tracking): Json<String>,
) -> Response {
    service.once("shipment", &headers, |ledger| ledger.ship(order, tracking))
}

async fn release(State(service): Shared, Path(order): Path<u32>, headers: HeaderMap) -> Response {
    service.once("release-stock", &headers, |ledger| ledger.release(order))
}

async fn refund(State(service): Shared, Path(order): Path<u32>, headers: HeaderMap) -> Response {
    service.once("refund", &headers, |ledger| ledger.refund(order))
}

async fn call_back(State(service): Shared, Path(order): Path<u32>, headers: HeaderMap) -> Response {
    service.once("call-back", &headers, |ledger| ledger.call_back(order))
}

/// So many a second, and as many at once after a pause.
#[derive(Debug)]
struct Limit {
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl Limit {
    fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self {
            per_second,
            tokens: per_second,
            at: Instant::now(),
        }
    }

    /// Takes one, or says how long to wait for one.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.per_second);
        self.at = now;
        if self.tokens < 1.0 {
            return Err(Duration::from_secs_f64(
                (1.0 - self.tokens) / self.per_second,
            ));
        }
        self.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_fills_up_again() {
        let mut limit = Limit::new(2);
        let start = limit.at;
        assert_eq!(limit.take(start), Ok(()));
        assert_eq!(limit.take(start), Ok(()));
        assert_eq!(limit.take(start), Err(Duration::from_millis(500)));
        assert_eq!(limit.take(start + Duration::from_millis(500)), Ok(()));
        assert_eq!(limit.take(start + Duration::from_secs(60)), Ok(()));
        assert_eq!(limit.take(start + Duration::from_secs(60)), Ok(()));
        assert!(limit.take(start + Duration::from_secs(60)).is_err());
    }

    #[test]
    fn an_outage_of_the_rates_ends() {
        let faults = Faults {
            seed: 1,
            fail: 0.0,
            stall: 0.0,
            stall_for: Duration::ZERO,
            outage: 2,
            no_shipments: false,
        };
        let service = Service::new(faults.clone(), Ledger::new(&[], 0), 1, None);
        let mut inner = service.inner();
        let mut ask = || inner.note("rates", "/rates/2026-03-02", &faults);
        assert_eq!(
            [ask(), ask(), ask()],
            [Ok(Some(Fault::Refused)), Ok(Some(Fault::Refused)), Ok(None)]
        );
    }
}
