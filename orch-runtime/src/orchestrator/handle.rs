//! Handles of runs that were started.

use std::fmt;
use std::sync::{Arc, OnceLock};

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
use crate::observe::{Emission, Outlets};
use crate::program::Workflow;

/// A run that was started. Dropping the handle lets the run go on.
#[derive(Debug)]
pub struct RunHandle<W: Workflow> {
    id: RunId,
    correlation_id: Arc<str>,
    driver: Driver<W>,
    streams: Streams,
}

/// What a run streams to its handle, from before it begins.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// Where its partial results are kept.
    emissions: Option<Arc<Outlets>>,
    /// Of a run that this process drives to its end, from its first reader on: it knows itself how it ended.
    progress: OnceLock<Option<watch::Receiver<Option<Progress>>>>,
}

impl Streams {
    /// Opens the streams of a run, which is to begin after that and goes on here until it ends.
    pub(crate) fn here(outlets: &Arc<Outlets>) -> Self {
        Self {
            emissions: outlets.keep_emissions().then(|| Arc::clone(outlets)),
            progress: OnceLock::new(),
        }
    }

    /// The same for a run that may be let go of.
    pub(crate) fn of(outlets: &Arc<Outlets>) -> Self {
        let streams = Self::here(outlets);
        streams.progress.get_or_init(|| outlets.watch_progress());
        streams
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        if let Some(outlets) = &self.emissions {
            outlets.drop_emissions();
        }
    }
}

/// Who knows of a run's end.
enum Driver<W: Workflow> {
    /// The task that drives it.
    Here {
        run: Arc<Run>,
        task: JoinHandle<Result<W::Output, RunError<W::Error>>>,
    },
    /// Those who keep it.
    Kept {
        durability: Arc<Durability>,
        waiter: Arc<Waiter>,
    },
}

impl<W: Workflow> fmt::Debug for Driver<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Here { .. } => "Here",
            Self::Kept { .. } => "Kept",
        })
    }
}

impl<W: Workflow> RunHandle<W> {
    pub(super) fn here(
        run: Arc<Run>,
        task: JoinHandle<Result<W::Output, RunError<W::Error>>>,
        streams: Streams,
    ) -> Self {
        Self {
            id: run.id().clone(),
            correlation_id: Arc::clone(run.correlation_id()),
            driver: Driver::Here { run, task },
            streams,
        }
    }

    pub(super) fn kept(
        durability: Arc<Durability>,
        id: RunId,
        correlation_id: Arc<str>,
        waiter: Waiter,
        streams: Streams,
    ) -> Self {
        let waiter = Arc::new(waiter);
        Self {
            id,
            correlation_id,
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
            Driver::Here { task, .. } => task.is_finished(),
            Driver::Kept { waiter, .. } => waiter.kept().is_some(),
        }
    }

    /// Stops the run: what is under way is dropped, `finally` nodes run, and the result is `RunError::Cancelled`.
    ///
    /// A run that has ended stays as it ended.
    pub fn cancel(&self, reason: impl Into<String>) {
        let reason = reason.into();
        match &self.driver {
            Driver::Here { run, .. } => run.halt(Halt::Cancelled(reason)),
            Driver::Kept { durability, .. } => {
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
        let to = match &self.driver {
            Driver::Kept { durability, .. } => To::Kept(Arc::clone(durability)),
            Driver::Here { run, .. } => To::Here(Arc::clone(run)),
        };
        SendSignal::new(to, self.id.clone(), signal.node(), &value)
    }

    /// How a durable run ended, and where what its result refers to is, for longer than its orchestrator is there.
    #[cfg(feature = "testing")]
    pub(crate) async fn kept_end(self) -> Option<(Arc<Kept>, Home)> {
        let Driver::Kept { waiter, .. } = self.driver else {
            return None;
        };
        let kept = waiter.wait().await;
        Some((kept, waiter.home().holding()))
    }

    /// Waits for the run's end and gives its result.
    ///
    /// # Errors
    /// If the run failed, was cancelled or ran out of time; of a durable one also if it does not go on here:
    /// `RunError::Interrupted`.
    pub async fn result(self) -> Result<W::Output, RunError<W::Error>> {
        let (run, task) = match self.driver {
            Driver::Here { run, task } => (run, task),
            Driver::Kept { waiter, .. } => {
                let kept = waiter.wait().await;
                return kept.result::<W>(&self.id, waiter.home());
            }
        };
        task.await.unwrap_or_else(|ended| {
            let reason = match ended.try_into_panic() {
                Ok(panic) => format!("its task panicked: {}", panic_message(&*panic)),
                Err(_) => "its runtime was shut down".to_owned(),
            };
            Err(RunError::cancelled(
                self.id,
                W::SPEC.name,
                reason,
                run.errors(),
            ))
        })
    }

    /// The partial results that steps stream with `ctx.emit(…)`, from the first one on; they end with the run.
    ///
    /// Gives them once: a second call gives none.
    pub fn emissions(&mut self) -> Emissions {
        let kept = self.streams.emissions.take();
        Emissions {
            receiver: kept.and_then(|outlets| outlets.take_emissions()),
            until: self.until(),
        }
    }

    /// How far the run is, each time that changes; a slow reader gets the latest.
    ///
    /// Of a durable run it goes on when the run was let go of and is taken up again here.
    #[must_use]
    pub fn progress(&self) -> ProgressStream {
        let run = match &self.driver {
            Driver::Here { run, .. } => Some(Arc::clone(run)),
            Driver::Kept { waiter, .. } => waiter.live(),
        };
        let observed = run
            .as_ref()
            .and_then(|run| Some((run, run.observer.as_deref()?)));
        let opened = self.streams.progress.get_or_init(|| {
            let observer = observed.map(|(_, observer)| observer);
            observer.and_then(|observer| observer.outlets().watch_progress())
        });
        let receiver = match observed {
            Some((run, observer)) => Some(observer.read_progress(run, opened.as_ref())),
            None => opened.clone(),
        };
        ProgressStream {
            receiver,
            until: self.until(),
        }
    }

    /// What happens in the run from now on; a reader that falls 1,024 events behind misses some.
    ///
    /// Of a durable run it goes on when the run was let go of and is taken up again here, until it has ended: what had
    /// happened before is not told again, but for what waits, which begins to wait once more.
    #[must_use]
    pub fn events(&self) -> Events {
        let receiver = match &self.driver {
            Driver::Here { run, .. } => {
                let observer = run.observer.as_deref();
                observer.and_then(|observer| observer.outlets().subscribe())
            }
            Driver::Kept { waiter, .. } => waiter.outlets().subscribe(),
        };
        Events {
            receiver,
            until: self.until(),
        }
    }

    fn until(&self) -> Until {
        Until(match &self.driver {
            Driver::Here { .. } => None,
            Driver::Kept { waiter, .. } => Some(Arc::clone(waiter)),
        })
    }
}

/// Until when a stream goes on, should whoever drives the run not end it: until the run has ended elsewhere, or does not
/// go on here.
#[derive(Debug)]
struct Until(Option<Arc<Waiter>>);

impl Until {
    async fn over(&self) {
        match &self.0 {
            Some(waiter) => drop(waiter.wait().await),
            None => std::future::pending().await,
        }
    }
}

/// Partial results in the order in which they were streamed.
#[derive(Debug)]
pub struct Emissions {
    receiver: Option<mpsc::UnboundedReceiver<Emission>>,
    until: Until,
}

impl Emissions {
    /// The next one; `None` when the run has ended.
    pub async fn next(&mut self) -> Option<Emission> {
        let receiver = self.receiver.as_mut()?;
        tokio::select! {
            biased;
            emission = receiver.recv() => emission,
            () = self.until.over() => receiver.try_recv().ok(),
        }
    }
}

/// How far a run is.
#[derive(Debug)]
pub struct ProgressStream {
    receiver: Option<watch::Receiver<Option<Progress>>>,
    until: Until,
}

impl ProgressStream {
    /// The next change; `None` when the run has ended and its last state was given.
    pub async fn next(&mut self) -> Option<Progress> {
        let receiver = self.receiver.as_mut()?;
        loop {
            tokio::select! {
                biased;
                changed = receiver.changed() => changed.ok()?,
                () = self.until.over() => {
                    if !receiver.has_changed().unwrap_or(false) {
                        return None;
                    }
                }
            }
            if let Some(progress) = receiver.borrow_and_update().clone() {
                return Some(progress);
            }
        }
    }
}

/// What happens in a run.
#[derive(Debug)]
pub struct Events {
    receiver: Option<broadcast::Receiver<RunEvent>>,
    until: Until,
}

impl Events {
    /// The next event; `None` when the run has ended. Events that were missed are passed over.
    pub async fn next(&mut self) -> Option<RunEvent> {
        use broadcast::error::{RecvError, TryRecvError};
        let receiver = self.receiver.as_mut()?;
        loop {
            let received = tokio::select! {
                biased;
                received = receiver.recv() => received,
                () = self.until.over() => match receiver.try_recv() {
                    Ok(event) => Ok(event),
                    Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
                    Err(_) => return None,
                },
            };
            match received {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
