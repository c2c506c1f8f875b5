//! Where a run's readers are sent to.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use orch_core::run::{Progress, RunEvent};
use tokio::sync::{broadcast, mpsc, watch};

use super::Emission;

/// How many events a reader may fall behind before it misses some.
const EVENTS_KEPT: usize = 1024;

/// Where the readers of one run are sent to: of a durable one, however often it is let go of and taken up again here.
#[derive(Debug, Default)]
pub(crate) struct Outlets {
    /// The number of the last event; held while listeners are told, so that what they are told comes in order.
    told: Mutex<u64>,
    pub(super) events: Outlet<broadcast::Sender<RunEvent>>,
    pub(super) progress: Outlet<watch::Sender<Option<Progress>>>,
    pub(super) emissions: Outlet<mpsc::UnboundedSender<Emission>>,
}

impl Outlets {
    pub(super) fn told(&self) -> MutexGuard<'_, u64> {
        lock(&self.told)
    }

    pub(crate) fn subscribe(&self) -> Option<broadcast::Receiver<RunEvent>> {
        let events = self.events.open(|| broadcast::Sender::new(EVENTS_KEPT));
        events.map(|events| events.subscribe())
    }

    /// A receiver that gets nothing but the last progress until [somebody reads it](super::Observer::read_progress).
    pub(crate) fn watch_progress(&self) -> Option<watch::Receiver<Option<Progress>>> {
        let progress = self.progress.open(|| watch::Sender::new(None));
        progress.map(|progress| progress.subscribe())
    }

    pub(crate) fn take_emissions(&self) -> mpsc::UnboundedReceiver<Emission> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.emissions.open(|| sender);
        receiver
    }

    /// The run has ended: its readers end as well.
    pub(super) fn close(&self) {
        self.events.close();
        self.progress.close();
        self.emissions.close();
    }
}

/// A sender that is there from its first reader on and goes when the run ends, so that its readers end as well,
/// however long somebody keeps the run's handle.
///
/// Nobody locks one that has had no reader to find it so.
#[derive(Debug)]
pub(super) struct Outlet<S>(OnceLock<Mutex<Option<S>>>);

impl<S> Default for Outlet<S> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<S: Clone> Outlet<S> {
    /// The sender, made where there is none yet; `None` once the run has ended.
    pub(super) fn open(&self, make: impl FnOnce() -> S) -> Option<S> {
        let sender = self.0.get_or_init(|| Mutex::new(Some(make())));
        lock(sender).clone()
    }

    /// The sender, if there is a reader and the run has not ended.
    pub(super) fn get(&self) -> Option<S> {
        self.get_if(|_| true)
    }

    /// The same, if it is one that is wanted.
    pub(super) fn get_if(&self, wanted: impl FnOnce(&S) -> bool) -> Option<S> {
        let sender = lock(self.0.get()?);
        sender.as_ref().filter(|sender| wanted(sender)).cloned()
    }

    /// Lets go of the sender.
    pub(super) fn close(&self) {
        *lock(self.0.get_or_init(Mutex::default)) = None;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
