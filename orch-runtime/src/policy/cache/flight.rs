//! Single flight: one caller computes, those who want the same wait for it.

use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::state::{Entry, Shelf};

/// The computations under way.
///
/// What changes the shelf goes through here and happens under the lock, so that a result whose key
/// was invalidated while it was computed is never put there afterwards.
#[derive(Default)]
pub(super) struct Flights {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    under_way: HashMap<Arc<str>, Flight>,
    /// Tells the flights of one key apart.
    departed: u64,
    /// Counts invalidations.
    era: u64,
}

struct Flight {
    number: u64,
    tags: Box<[Box<str>]>,
    landing: Waiting,
}

/// How a flight ended.
#[derive(Clone)]
pub(super) enum Landing {
    Landed(Arc<Entry>),
    Failed,
}

/// What a caller who wants a result is to do.
pub(super) enum Boarding<'a> {
    /// Compute it.
    Lead(Lead<'a>),
    /// Wait for the one who does.
    Wait(Waiting),
}

/// How often something had been invalidated when a computation began.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Era(u64);

impl Flights {
    pub(super) fn board(&self, key: &str, tags: &[&str]) -> Boarding<'_> {
        let mut table = self.lock();
        if let Some(flight) = table.under_way.get(key) {
            return Boarding::Wait(flight.landing.clone());
        }
        table.departed += 1;
        let number = table.departed;
        let (sender, receiver) = watch::channel(None);
        let key: Arc<str> = key.into();
        let flight = Flight {
            number,
            tags: tags.iter().map(|&tag| tag.into()).collect(),
            landing: Waiting(receiver),
        };
        table.under_way.insert(Arc::clone(&key), flight);
        Boarding::Lead(Lead {
            flights: self,
            key,
            number,
            sender,
        })
    }

    pub(super) fn era(&self) -> Era {
        Era(self.lock().era)
    }

    /// Whether nothing was invalidated since.
    pub(super) fn is_still(&self, since: Era) -> bool {
        Era(self.lock().era) == since
    }

    /// Whether this flight of the key is still under way.
    pub(super) fn is_under_way(&self, key: &str, number: u64) -> bool {
        let table = self.lock();
        table
            .under_way
            .get(key)
            .is_some_and(|flight| flight.number == number)
    }

    /// Keeps a result that was computed outside of any flight, unless something was invalidated since.
    pub(super) fn keep(&self, shelf: &Shelf, key: &str, entry: &Arc<Entry>, since: Era) {
        let table = self.lock();
        if Era(table.era) == since {
            shelf.insert(key, Arc::clone(entry));
        }
    }

    /// Puts a result in the place of whatever was there or is being computed.
    pub(super) fn replace(&self, shelf: &Shelf, key: &str, entry: Arc<Entry>) {
        let mut table = self.lock();
        table.era += 1;
        table.under_way.remove(key);
        shelf.insert(key, entry);
    }

    /// Drops the result of this key, and keeps what is being computed for it from being kept.
    pub(super) fn invalidate(&self, shelf: &Shelf, key: &str) -> Option<Arc<Entry>> {
        let mut table = self.lock();
        table.era += 1;
        table.under_way.remove(key);
        shelf.remove(key)
    }

    /// The same for all results with this tag; `None` is all there are.
    pub(super) fn invalidate_all(&self, shelf: &Shelf, tag: Option<&str>) -> Vec<Arc<Entry>> {
        let mut table = self.lock();
        table.era += 1;
        match tag {
            None => {
                table.under_way.clear();
                shelf.remove_if(|_| true)
            }
            Some(tag) => {
                table
                    .under_way
                    .retain(|_, flight| flight.tags.iter().all(|own| **own != *tag));
                shelf.remove_if(|entry| entry.has_tag(tag))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing that is done under the lock leaves it half done.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The seat of the one who computes; dropping it without landing lets another take over.
pub(super) struct Lead<'a> {
    flights: &'a Flights,
    key: Arc<str>,
    number: u64,
    sender: watch::Sender<Option<Landing>>,
}

impl Lead<'_> {
    /// Tells this flight from others of its key.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Keeps the result on the shelf, if there is one, unless it was invalidated meanwhile, and hands it to those who
    /// wait.
    pub(super) fn land(self, shelf: Option<&Shelf>, entry: &Arc<Entry>) {
        let mut table = self.flights.lock();
        if self.deregister(&mut table)
            && let Some(shelf) = shelf
        {
            shelf.insert(&self.key, Arc::clone(entry));
        }
        drop(table);
        self.sender
            .send_replace(Some(Landing::Landed(Arc::clone(entry))));
    }

    /// Sends those who wait to compute for themselves.
    pub(super) fn fail(self) {
        self.sender.send_replace(Some(Landing::Failed));
    }

    /// Takes the flight out of the table; whether it was still there.
    fn deregister(&self, table: &mut Table) -> bool {
        match table.under_way.entry(Arc::clone(&self.key)) {
            hash_map::Entry::Occupied(flight) if flight.get().number == self.number => {
                flight.remove();
                true
            }
            _ => false,
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        // Before the sender goes, so that those who wait do not find this flight again.
        self.deregister(&mut self.flights.lock());
        if std::thread::panicking() {
            self.sender.send_replace(Some(Landing::Failed));
        }
    }
}

/// The seat of one who waits.
#[derive(Clone)]
pub(super) struct Waiting(watch::Receiver<Option<Landing>>);

impl Waiting {
    /// How the flight ended; `None` when its leader was cancelled.
    pub(super) async fn landing(mut self) -> Option<Landing> {
        match self.0.wait_for(Option::is_some).await {
            Ok(landing) => landing.clone(),
            Err(_cancelled) => None,
        }
    }
}
