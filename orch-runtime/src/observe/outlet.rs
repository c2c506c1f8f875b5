//! Where a run's readers are sent to.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
        self.state().sender()
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
