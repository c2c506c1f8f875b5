//! The client of the shop's backend: one request a call, and errors that say whether to ask again.

use std::time::Duration;

use jiff::civil::Date;
use orch::prelude::*;
use reqwest::{Client, RequestBuilder, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use crate::order::{Card, Charge, Item, Label, Parcel, Quote, Rates, Reservation, Shipment};
use crate::service::IDEMPOTENCY_KEY;

/// Talks to the shop's backend.
#[derive(Debug, Clone)]
pub struct Shop {
    http: Client,
    base: String,
}

/// Why a request did not succeed.
#[derive(Debug, Error, Serialize, Deserialize)]
pub enum CallError {
    /// There were too many requests.
    #[error("the service is busy, and asks to come again in {after:?}")]
    Busy { after: Duration },
    /// The service is in trouble.
    #[error("the service answered {0}")]
    Unavailable(u16),
    /// The service understood, and will not do it.
    #[error("{reason}")]
    Refused { status: u16, reason: String },
    /// There was no answer, or none that makes sense.
    #[error("the service cannot be reached: {0}")]
    Unreachable(String),
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl CallError {
    /// The status of a refused payment.
    pub const PAYMENT_REQUIRED: u16 = StatusCode::PAYMENT_REQUIRED.as_u16();
    /// The status of what contradicts the service's books.
    pub const CONFLICT: u16 = StatusCode::CONFLICT.as_u16();

    /// Whether to ask again, and when.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Busy { after } => Retry::After(*after),
            Self::Unavailable(_) | Self::Unreachable(_) => Retry::Yes,
            Self::Refused { .. } => Retry::No,
        }
    }

    fn of(status: StatusCode, retry_after: Option<&str>, reason: String) -> Self {
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = retry_after.and_then(|seconds| seconds.trim().parse().ok());
            return Self::Busy {
                after: Duration::from_secs(seconds.unwrap_or(1)),
            };
        }
        if status.is_server_error() {
            return Self::Unavailable(status.as_u16());
        }
        Self::Refused {
            status: status.as_u16(),
            reason,
        }
    }
}

/// What the service says in a refusal.
#[derive(Debug, Default, Deserialize)]
struct Reason {
    reason: String,
}

impl Shop {
    /// A client of the service at this address.
    pub fn at(address: std::net::SocketAddr) -> reqwest::Result<Self> {
        let http = Client::builder().no_proxy().build()?;
        Ok(Self {
            http,
            base: format!("http://{address}"),
        })
    }

    async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, CallError> {
        let response = request.send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.json().await?);
        }
        let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
        let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
        let body = response.json::<Reason>().await.unwrap_or_default();
        Err(CallError::of(status, retry_after, body.reason))
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: String,
        key: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, CallError> {
        let url = format!("{}{path}", self.base);
        Self::send(self.http.post(url).header(IDEMPOTENCY_KEY, key).json(body)).await
    }

    async fn delete(&self, path: String, key: &str) -> Result<(), CallError> {
        let url = format!("{}{path}", self.base);
        let _: Value = Self::send(self.http.delete(url).header(IDEMPOTENCY_KEY, key)).await?;
        Ok(())
    }

    /// Spot rates of a day.
    pub async fn rates(&self, day: Date) -> Result<Rates, CallError> {
        Self::send(self.http.get(format!("{}/rates/{day}", self.base))).await
    }

    /// Locks an order for a holder.
    pub async fn lock(&self, order: u32, holder: &str) -> Result<(), CallError> {
        let _: Value = self.post(format!("/locks/{order}"), holder, &()).await?;
        Ok(())
    }

    /// Unlocks an order.
    pub async fn unlock(&self, order: u32, holder: &str) -> Result<(), CallError> {
        self.delete(format!("/locks/{order}"), holder).await
    }

    /// Sets items aside.
    pub async fn reserve(
        &self,
        order: u32,
        items: &[Item],
        key: &str,
    ) -> Result<Reservation, CallError> {
        self.post(format!("/stock/{order}"), key, &items).await
    }

    /// Takes money.
    pub async fn charge(&self, quote: &Quote, card: &Card, key: &str) -> Result<Charge, CallError> {
        let body = json!({ "amount": quote.total, "card": card });
        self.post(format!("/charges/{}", quote.order), key, &body)
            .await
    }

    /// Has a label printed.
    pub async fn label(
        &self,
        order: u32,
        carrier: &str,
        parcels: &[Parcel],
        key: &str,
    ) -> Result<Label, CallError> {
        let grams: u32 = parcels.iter().map(|parcel| parcel.grams).sum();
        self.post(format!("/labels/{order}/{carrier}"), key, &grams)
            .await
    }

    /// Hands the parcels over.
    pub async fn ship(&self, label: &Label, key: &str) -> Result<Shipment, CallError> {
        self.post(format!("/shipments/{}", label.order), key, &label.tracking)
            .await
    }

    /// Puts the items of an order back.
    pub async fn release(&self, order: u32, key: &str) -> Result<(), CallError> {
        self.delete(format!("/stock/{order}"), key).await
    }

    /// Gives the money of an order back.
    pub async fn refund(&self, order: u32, key: &str) -> Result<(), CallError> {
        self.delete(format!("/charges/{order}"), key).await
    }

    /// Has the parcels of an order brought back.
    pub async fn call_back(&self, order: u32, key: &str) -> Result<(), CallError> {
        self.delete(format!("/shipments/{order}"), key).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_service_says_when_to_come_again() {
        let busy = |retry_after| {
            CallError::of(StatusCode::TOO_MANY_REQUESTS, retry_after, String::new()).retry()
        };
        assert_eq!(busy(Some("3")), Retry::After(Duration::from_secs(3)));
        assert_eq!(busy(Some("soon")), Retry::After(Duration::from_secs(1)));
        assert_eq!(busy(None), Retry::After(Duration::from_secs(1)));
    }

    #[test]
    fn trouble_is_worth_another_request_and_a_refusal_is_not() {
        let retry = |status| CallError::of(status, None, String::new()).retry();
        assert_eq!(retry(StatusCode::SERVICE_UNAVAILABLE), Retry::Yes);
        assert_eq!(retry(StatusCode::INTERNAL_SERVER_ERROR), Retry::Yes);
        assert_eq!(retry(StatusCode::PAYMENT_REQUIRED), Retry::No);
        assert_eq!(retry(StatusCode::CONFLICT), Retry::No);
    }
}
