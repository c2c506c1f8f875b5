//! Where a run's readers are sent to.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
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
#[derive(Debug)]
pub(super) struct Outlet<S>(Mutex<State<S>>);

#[derive(Debug)]
enum State<S> {
    Unused,
    Open(S),
    Closed,
}

impl<S> Default for Outlet<S> {
    fn default() -> Self {
        Self(Mutex::new(State::Unused))
    }
}

impl<S: Clone> Outlet<S> {
    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sender, made where there is none yet; `None` once the run has ended.
    pub(super) fn open(&self, make: impl FnOnce() -> S) -> Option<S> {
        let mut state = self.state();
        if matches!(*state, State::Unused) {
            *state = State::Open(make());
        }
        state.sender()
    }

    /// The sender, if there is a reader and the run has not ended.
    pub(super) fn get(&self) -> Option<S> {
        self.get_if(|_| true)
    }

    /// The same, if it is one that is wanted.
    pub(super) fn get_if(&self, wanted: impl FnOnce(&S) -> bool) -> Option<S> {
        match &*self.state() {
            State::Open(sender) if wanted(sender) => Some(sender.clone()),
            _ => None,
        }
    }

    /// Lets go of the sender.
    pub(super) fn close(&self) {
        *self.state() = State::Closed;
    }
}

impl<S: Clone> State<S> {
    fn sender(&self) -> Option<S> {
        match self {
            Self::Open(sender) => Some(sender.clone()),
            Self::Unused | Self::Closed => None,
        }
    }
}
