//! Signals on their way to the nodes that wait for them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::durable::SignalRecord;

/// The signals of one run that nobody has taken.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    came: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last signal.
    seen: i64,
    by_name: HashMap<String, VecDeque<SignalRecord>>,
    /// The names that somebody waits for.
    awaited: Vec<String>,
    /// The names and event ids of signals that were posted.
    events: HashSet<(String, String)>,
}

impl Mailbox {
    pub(crate) fn of(signals: Vec<SignalRecord>) -> Self {
        let mailbox = Self::default();
        mailbox.put(signals);
        mailbox
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last signal that is known.
    pub(crate) fn seen(&self) -> i64 {
        self.state().seen
    }

    /// Adds a signal of a run that is not kept; `false` if one of its name and event id was there.
    pub(crate) fn post(&self, mut signal: SignalRecord) -> bool {
        let mut state = self.state();
        if let Some(event) = &signal.event
            && !state.events.insert((signal.name.clone(), event.clone()))
        {
            return false;
        }
        state.seen += 1;
        signal.number = state.seen;
        let queue = state.by_name.entry(signal.name.clone()).or_default();
        queue.push_back(signal);
        drop(state);
        self.deliver();
        true
    }

    /// Adds signals, in order; those that are known already are passed over.
    pub(crate) fn put(&self, signals: Vec<SignalRecord>) {
        let mut state = self.state();
        for signal in signals {
            if signal.number <= state.seen {
                continue;
            }
            state.seen = signal.number;
            let queue = state.by_name.entry(signal.name.clone()).or_default();
            queue.push_back(signal);
        }
        drop(state);
        self.deliver();
    }

    /// Lets those that wait look again.
    pub(crate) fn deliver(&self) {
        self.came.notify_waiters();
    }

    /// The next signal of this name, if there is one.
    pub(crate) fn try_take(&self, name: &str) -> Option<SignalRecord> {
        self.state().by_name.get_mut(name)?.pop_front()
    }

    /// The next signal of this name.
    pub(crate) async fn take(&self, name: &str) -> SignalRecord {
        let awaited = Awaited::new(self, name);
        loop {
            let came = self.came.notified();
            tokio::pin!(came);
            came.as_mut().enable();
            if let Some(signal) = self.try_take(awaited.name) {
                return signal;
            }
            came.await;
        }
    }

    /// Whether a signal has come that somebody waits for and has not taken yet.
    pub(crate) fn has_news(&self) -> bool {
        let state = self.state();
        let came = |name: &String| {
            state
                .by_name
                .get(name)
                .is_some_and(|queue| !queue.is_empty())
        };
        state.awaited.iter().any(came)
    }
}

/// Somebody who waits for a signal.
struct Awaited<'a> {
    mailbox: &'a Mailbox,
    name: &'a str,
}

impl<'a> Awaited<'a> {
    fn new(mailbox: &'a Mailbox, name: &'a str) -> Self {
        mailbox.state().awaited.push(name.to_owned());
        Self { mailbox, name }
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        let mut state = self.mailbox.state();
        if let Some(idx) = state.awaited.iter().position(|name| name == self.name) {
            state.awaited.swap_remove(idx);
        }
    }
}
