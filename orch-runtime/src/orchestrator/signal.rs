//! Sending signals.

#[cfg(feature = "durable")]
mod durable;
#[cfg(not(feature = "durable"))]
#[path = "../absent/signal.rs"]
mod durable;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use orch_core::run::RunId;

use self::durable::deliver;
use super::error::SteerError;
use crate::artifact::{Blob, recording};
use crate::durability::Durability;
use crate::durable::{Durable, Json, SignalRecord, millis};
use crate::engine::run::Run;
use crate::json;

/// Where a signal goes.
pub(super) enum To {
    Here(Arc<Run>),
    Kept(Arc<Durability>),
}

/// A signal about to be sent.
#[must_use = "a signal is sent when this is awaited"]
pub struct SendSignal {
    to: To,
    run: RunId,
    name: String,
    event: Option<String>,
    value: Result<Json, json::Error>,
    /// What it refers to.
    refers: Vec<Blob>,
}

impl fmt::Debug for SendSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendSignal")
            .field("run", &self.run)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl SendSignal {
    pub(super) fn new(to: To, run: RunId, node: &str, value: &impl Durable) -> Self {
        let (value, refers) = recording(|| value.encode());
        Self {
            value,
            refers,
            ..Self::json(to, run, node, String::new())
        }
    }

    /// A signal that carries this JSON.
    pub(super) fn json(to: To, run: RunId, node: &str, value: Json) -> Self {
        Self {
            to,
            run,
            name: node.to_owned(),
            event: None,
            value: Ok(value),
            refers: Vec::new(),
        }
    }

    /// What happened, by its own id: of two signals of one node and event id, the second changes nothing.
    pub fn event_id(mut self, id: impl Into<String>) -> Self {
        self.event = Some(id.into());
        self
    }

    /// The item that the node is in: of each fan-out around it one, outermost first.
    pub fn item(mut self, item: usize) -> Self {
        use std::fmt::Write as _;
        // Writing into a `String` cannot fail.
        let _ = write!(self.name, "/{item}");
        self
    }

    async fn send(self) -> Result<bool, SteerError> {
        let value = self.value.map_err(|error| SteerError::Value {
            reason: error.to_string(),
        })?;
        if self.name.starts_with('@') {
            let what = "is no node: what begins with `@` is what operators ask for";
            return Err(SteerError::node(&self.name, what));
        }
        let mut signal = SignalRecord {
            number: 0,
            name: self.name,
            event: self.event,
            value,
            at: 0,
        };
        match self.to {
            To::Here(run) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                signal.at = millis(now.unwrap_or_default());
                run.shelve(self.refers);
                Ok(run.mailbox().post(signal))
            }
            To::Kept(durability) => {
                let sent = (signal, self.refers);
                deliver(&durability, self.run, sent).await
            }
        }
    }
}

impl IntoFuture for SendSignal {
    /// Whether it was the first of its node and event id.
    type Output = Result<bool, SteerError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
