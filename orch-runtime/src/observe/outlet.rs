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
    pub(super) emissions: EmissionOutlet,
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

    /// Keeps partial results for a reader to come, unless they are kept for another one; says whether it does.
    pub(crate) fn keep_emissions(&self) -> bool {
        let mut stream = lock(&self.emissions.0);
        let first = matches!(*stream, Stream::Unread);
        if first {
            *stream = Stream::Wanted;
        }
        first
    }

    /// The partial results that were kept, and those to come.
    pub(crate) fn take_emissions(&self) -> Option<mpsc::UnboundedReceiver<Emission>> {
        self.emissions.sender();
        match &mut *lock(&self.emissions.0) {
            Stream::Open(_, receiver) | Stream::Closed(receiver) => receiver.take(),
            Stream::Unread | Stream::Wanted => None,
        }
    }

    /// Whoever was to read the partial results does not.
    pub(crate) fn drop_emissions(&self) {
        let mut stream = lock(&self.emissions.0);
        match &mut *stream {
            Stream::Open(_, receiver) | Stream::Closed(receiver) => *receiver = None,
            Stream::Unread | Stream::Wanted => *stream = Stream::Unread,
        }
    }

    /// The run has ended: its readers end as well.
    pub(super) fn close(&self) {
        self.events.close();
        self.progress.close();
        self.emissions.close();
    }
}

/// Where partial results go: most runs have none, so that there is no channel before the first one or its reader.
#[derive(Debug, Default)]
pub(super) struct EmissionOutlet(Mutex<Stream>);

#[derive(Debug, Default)]
enum Stream {
    /// Nobody is to read it.
    #[default]
    Unread,
    /// Somebody may read it, and nothing is in it.
    Wanted,
    /// With the receiver, until somebody reads it.
    Open(
        mpsc::UnboundedSender<Emission>,
        Option<mpsc::UnboundedReceiver<Emission>>,
    ),
    /// The run has ended.
    Closed(Option<mpsc::UnboundedReceiver<Emission>>),
}

impl EmissionOutlet {
    /// The sender, unless nobody is to read or the run has ended.
    pub(super) fn sender(&self) -> Option<mpsc::UnboundedSender<Emission>> {
        let mut stream = lock(&self.0);
        if matches!(*stream, Stream::Wanted) {
            let (sender, receiver) = mpsc::unbounded_channel();
            *stream = Stream::Open(sender, Some(receiver));
        }
        match &*stream {
            Stream::Open(sender, _) => Some(sender.clone()),
            _ => None,
        }
    }

    /// Sends what comes here to the reader of another run.
    pub(super) fn forward(&self, sender: mpsc::UnboundedSender<Emission>) {
        *lock(&self.0) = Stream::Open(sender, None);
    }

    /// Lets go of the sender.
    fn close(&self) {
        let mut stream = lock(&self.0);
        let receiver = match &mut *stream {
            Stream::Open(_, receiver) | Stream::Closed(receiver) => receiver.take(),
            Stream::Unread | Stream::Wanted => None,
        };
        *stream = Stream::Closed(receiver);
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
