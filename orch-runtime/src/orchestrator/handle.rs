//! Handles of runs that were started.

use std::fmt;
use std::sync::Arc;

use orch_core::error::RunError;
use orch_core::run::{Progress, RunEvent, RunId};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use super::signal::{SendSignal, To};
#[cfg(feature = "testing")]
use crate::artifact::Home;
#[cfg(feature = "testing")]
use crate::durability::Kept;
use crate::durability::{Durability, Waiter, steer};
use crate::durable::{Durable, Signal};
use crate::engine::run::{Halt, Run};
use crate::engine::strand::panic_message;
use crate::observe::{Emission, Observer};
use crate::program::Workflow;
use crate::store::RunKey;

/// A run that was started. Dropping the handle lets the run go on.
#[derive(Debug)]
pub struct RunHandle<W: Workflow> {
    id: RunId,
    correlation_id: Arc<str>,
    /// The run as it is here; that of a durable one, as long as it was not let go of.
    run: Option<Arc<Run>>,
    driver: Driver<W>,
    streams: Streams,
}

/// What a run streams to its handle, from before it begins.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    emissions: Option<mpsc::UnboundedReceiver<Emission>>,
    progress: Option<watch::Receiver<Option<Progress>>>,
}

impl Streams {
    /// Opens the streams of a run, which is to begin after that.
    pub(crate) fn of(run: &Run) -> Self {
        let observer = run.observer.as_deref();
        Self {
            emissions: observer.map(Observer::take_emissions),
            progress: observer.and_then(Observer::watch_progress),
        }
    }
}

/// Who knows of a run's end.
enum Driver<W: Workflow> {
    /// The task that drives it.
    Here(JoinHandle<Result<W::Output, RunError<W::Error>>>),
    /// Those who keep it.
    Kept {
        durability: Arc<Durability>,
        waiter: Waiter,
    },
}

impl<W: Workflow> fmt::Debug for Driver<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Here(_) => "Here",
            Self::Kept { .. } => "Kept",
        })
    }
}

impl<W: Workflow> RunHandle<W> {
    pub(super) fn here(
        run: Arc<Run>,
        driver: JoinHandle<Result<W::Output, RunError<W::Error>>>,
        streams: Streams,
    ) -> Self {
        Self {
            id: run.id().clone(),
            correlation_id: Arc::clone(run.correlation_id()),
            run: Some(run),
            driver: Driver::Here(driver),
            streams,
        }
    }

    pub(super) fn kept(
        durability: Arc<Durability>,
        key: RunKey,
        id: RunId,
        correlation_id: Arc<str>,
        waiter: Waiter,
        begun: Option<(Arc<Run>, Streams)>,
    ) -> Self {
        let (run, streams) = match begun {
            Some((run, streams)) => (Some(run), streams),
            None => {
                let run = durability.live(key);
                let streams = run.as_deref().map(Streams::of);
                (run, streams.unwrap_or_default())
            }
        };
        Self {
            id,
            correlation_id,
            run,
            driver: Driver::Kept { durability, waiter },
            streams,
        }
    }

    /// The run's id.
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// What ties this run to others and to the caller's own logs.
    #[must_use]
    pub fn correlation_id(&self) -> &str {
        &self.correlation_id
    }

    /// Whether the run has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.driver {
            Driver::Here(driver) => driver.is_finished(),
            Driver::Kept { waiter, .. } => waiter.kept().is_some(),
        }
    }

    /// Stops the run: what is under way is dropped, `finally` nodes run, and the result is `RunError::Cancelled`.
    ///
    /// A run that has ended stays as it ended.
    pub fn cancel(&self, reason: impl Into<String>) {
        let reason = reason.into();
        match (&self.driver, &self.run) {
            (Driver::Here(_), Some(run)) => run.halt(Halt::Cancelled(reason)),
            (Driver::Here(_), None) => {}
            (Driver::Kept { durability, .. }, _) => {
                let (durability, id) = (Arc::clone(durability), self.id.clone());
                // Handed over here and now, so that it is not lost with the caller's task.
                let asked = steer::ask(&durability, id, steer::CANCEL, &reason);
                if let Ok(runtime) = Handle::try_current() {
                    runtime.spawn(async move { steer::asked(&durability, asked.await) });
                }
            }
        }
    }

    /// Sends what a node of the workflow waits for; a signal that comes before the node waits is kept for it.
    ///
    /// `.event_id(…)` may be given before it is awaited: two signals of one node and event id are one.
    pub fn signal<T: Durable>(&self, signal: Signal<W, T>, value: T) -> SendSignal {
        let to = match (&self.driver, &self.run) {
            (Driver::Kept { durability, .. }, _) => To::Kept(Arc::clone(durability)),
            (Driver::Here(_), Some(run)) => To::Here(Arc::clone(run)),
            (Driver::Here(_), None) => To::Nobody,
        };
        SendSignal::new(to, self.id.clone(), signal.node(), &value)
    }

    /// How a durable run ended, and where what its result refers to is, for longer than its orchestrator is there.
    #[cfg(feature = "testing")]
    pub(crate) async fn kept_end(self) -> Option<(Arc<Kept>, Home)> {
        let Driver::Kept { waiter, .. } = self.driver else {
            return None;
        };
        let kept = waiter.wait(&self.id).await;
        Some((kept, waiter.home().holding()))
    }

    /// Waits for the run's end and gives its result.
    ///
    /// # Errors
    /// If the run failed, was cancelled or ran out of time; of a durable one also if it does not go on here:
    /// `RunError::Interrupted`.
    pub async fn result(self) -> Result<W::Output, RunError<W::Error>> {
        let driver = match self.driver {
            Driver::Here(driver) => driver,
            Driver::Kept { waiter, .. } => {
                let kept = waiter.wait(&self.id).await;
                return kept.result::<W>(&self.id, waiter.home());
            }
        };
        driver.await.unwrap_or_else(|ended| {
            let reason = match ended.try_into_panic() {
                Ok(panic) => format!("its task panicked: {}", panic_message(&*panic)),
                Err(_) => "its runtime was shut down".to_owned(),
            };
            let errors = self.run.as_ref().map_or_else(Vec::new, |run| run.errors());
            Err(RunError::cancelled(self.id, W::SPEC.name, reason, errors))
        })
    }

    /// The partial results that steps stream with `ctx.emit(…)`, from the first one on; they end with the run.
    ///
    /// Gives them once: a second call gives none.
    pub fn emissions(&mut self) -> Emissions {
        Emissions(self.streams.emissions.take())
    }

    /// How far the run is, each time that changes; a slow reader gets the latest.
    #[must_use]
    pub fn progress(&self) -> ProgressStream {
        let run = self.run.as_ref().zip(self.streams.progress.as_ref());
        ProgressStream(run.and_then(|(run, progress)| {
            let observer = run.observer.as_deref()?;
            Some(observer.read_progress(run, progress))
        }))
    }

    /// What happens in the run from now on; a reader that falls 1,024 events behind misses some.
    #[must_use]
    pub fn events(&self) -> Events {
        let observer = self.run.as_ref().and_then(|run| run.observer.as_deref());
        Events(observer.and_then(Observer::subscribe))
    }
}

/// Partial results in the order in which they were streamed.
#[derive(Debug)]
pub struct Emissions(Option<mpsc::UnboundedReceiver<Emission>>);

impl Emissions {
    /// The next one; `None` when the run has ended.
    pub async fn next(&mut self) -> Option<Emission> {
        self.0.as_mut()?.recv().await
    }
}

/// How far a run is.
#[derive(Debug)]
pub struct ProgressStream(Option<watch::Receiver<Option<Progress>>>);

impl ProgressStream {
    /// The next change; `None` when the run has ended and its last state was given.
    pub async fn next(&mut self) -> Option<Progress> {
        let receiver = self.0.as_mut()?;
        loop {
            receiver.changed().await.ok()?;
            if let Some(progress) = receiver.borrow_and_update().clone() {
                return Some(progress);
            }
        }
    }
}

/// What happens in a run.
#[derive(Debug)]
pub struct Events(Option<broadcast::Receiver<RunEvent>>);

impl Events {
    /// The next event; `None` when the run has ended. Events that were missed are passed over.
    pub async fn next(&mut self) -> Option<RunEvent> {
        let receiver = self.0.as_mut()?;
        loop {
            match receiver.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
