//! Sending signals.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use orch_core::run::RunId;

use super::runs::{Runs, SteerError, path};
use crate::artifact::{self, Blob, NotKept, recording};
use crate::durability::{Durability, millis};
use crate::durable::Durable;
use crate::engine::run::Run;
use crate::store::{Applied, Change, Json, SignalRecord};

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
    value: Result<Json, serde_json::Error>,
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
        match self.to {
            To::Here(run) => {
                let at = SystemTime::now().duration_since(UNIX_EPOCH);
                run.shelve(self.refers);
                Ok(run.mailbox().post(SignalRecord {
                    number: 0,
                    name: self.name,
                    event: self.event,
                    value,
                    at: millis(at.unwrap_or(Duration::ZERO)),
                }))
            }
            To::Kept(durability) => {
                let (run, name) = located(&durability, self.run, self.name, &value).await?;
                keep(self.refers, &durability, &run).await?;
                let change = Change::Signal {
                    run: run.clone(),
                    name,
                    event: self.event,
                    value,
                    at: durability.clock.now(),
                };
                match durability.journal.submit(change).await {
                    Ok(Applied::Signalled { run, fresh, .. }) => {
                        durability.signalled_here(run).await;
                        Ok(fresh)
                    }
                    Ok(_) => Ok(false),
                    Err(error) => Err(SteerError::of(&run, &error)),
                }
            }
        }
    }
}

/// The outermost run, and the name that a signal has there: of a run inside another, whose id has that one's in it.
///
/// That the node waits for such a signal is checked where the workflow is registered.
async fn located(
    durability: &Arc<Durability>,
    run: RunId,
    name: String,
    value: &str,
) -> Result<(RunId, String), SteerError> {
    let runs = Runs::new(Arc::clone(durability));
    let (outermost, within, workflow) = match runs.find(run.as_str()).await? {
        Some(record) => (run, String::new(), record.workflow),
        None => {
            let located = runs.locate(run.as_str()).await?;
            (
                located.outermost,
                located.within,
                located.history.run.workflow,
            )
        }
    };
    if let Some(registered) = durability.registered(&workflow) {
        let path = path(&name);
        let refused = |reason: &str| Err(SteerError::node(path, reason));
        match registered.check_signal(path, value) {
            None => return refused("waits for no signal in this workflow"),
            Some((fans, _)) if fans != name[path.len()..].matches('/').count() => {
                return refused(match fans {
                    0 => "is not inside a `for`: leave out `.item(…)`",
                    _ => {
                        "is inside a `for`: say which item it is for with `.item(n)`, once for each `for` around it"
                    }
                });
            }
            Some((_, Err(error))) => return Err(SteerError::value(&error)),
            Some((_, Ok(()))) => {}
        }
    }
    Ok((outermost, format!("{within}{name}")))
}

/// Keeps what a signal refers to, for the run that it is sent to.
async fn keep(refers: Vec<Blob>, durability: &Durability, run: &RunId) -> Result<(), SteerError> {
    if refers.is_empty() {
        return Ok(());
    }
    let found = durability.journal.find(run.clone()).await;
    let found = found.map_err(|error| SteerError::store(&error))?;
    let Some(record) = found else {
        return Err(SteerError::NoRun { run: run.clone() });
    };
    match artifact::keep(refers, durability, record.key).await {
        Ok(()) => Ok(()),
        Err(NotKept::Value(error)) => Err(SteerError::Value {
            reason: error.to_string(),
        }),
        Err(NotKept::Store(error)) => Err(SteerError::of(run, &error)),
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
