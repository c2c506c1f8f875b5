//! What to do about a run that does not go on by itself, and leaving it before its end.
//!
//! A run is [quiet](super::State::is_quiet) when nothing is ready, no strand is at work, and whatever is under way waits:
//! for a time, a signal, a decision. A quiet run is let go of, and taken up again when what it waits for comes.

use std::future::pending;
use std::sync::atomic::Ordering;

use orch_core::run::RunStatus;

use super::{Ledger, Phase, Steered};
use crate::store::{Applied, Change, Millis};

/// Why a run is left before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Left {
    /// An operator paused it.
    Paused(String),
    /// A node failed with an error that pauses it.
    Stumbled(String),
    /// The same, and an operator resumed it before it was left.
    Resumed,
    /// What was recorded does not fit.
    Parked(String),
    /// The orchestrator shuts down.
    Released,
    /// It is no longer this orchestrator's, or cannot be recorded.
    Lost(String),
}

/// What to do about a quiet run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Something goes on.
    Again,
    /// Nothing does before this time, if any.
    Wait(Option<Millis>),
    /// It is to be left.
    Leave(Left),
}

impl Ledger {
    /// What to do about a run that may be quiet.
    pub(crate) fn next(&self) -> Next {
        let mut state = self.state();
        if let Some(left @ (Left::Lost(_) | Left::Parked(_))) = &state.left {
            return Next::Leave(left.clone());
        }
        if state.forced
            && let Some(left) = &state.left
        {
            return Next::Leave(left.clone());
        }
        if !state.is_quiet() || self.mailbox.has_news() {
            return Next::Again;
        }
        match self.phase() {
            Phase::Retracing => {
                let all = !state.take_in();
                drop(state);
                if all {
                    self.go_on();
                    self.mailbox.deliver();
                }
                Next::Again
            }
            Phase::Going => {
                let first = state.waits.keys().next().copied();
                Next::Wait(first.into_iter().chain(self.deadline).min())
            }
            Phase::Holding => match state.left.clone() {
                Some(left) => Next::Leave(left),
                None => Next::Again,
            },
        }
    }

    /// Leaves the run: at once, or as soon as what has begun has ended. The first reason counts, but for one to leave at
    /// once: what has begun may never end then.
    pub(crate) fn leave(&self, left: Left) {
        let is_at_once = |left: &Left| matches!(left, Left::Lost(_) | Left::Parked(_));
        let at_once = is_at_once(&left);
        let mut state = self.state();
        match &state.left {
            Some(before) if !at_once || is_at_once(before) => {}
            _ => state.left = Some(left),
        }
        drop(state);
        if !at_once {
            self.phase.store(Phase::Holding as u8, Ordering::Release);
        }
        self.stirred.notify_one();
    }

    /// Takes back that the run is to be paused, if it has not been left by now: an operator resumes it.
    pub(crate) fn resume(&self) {
        let mut state = self.state();
        if matches!(state.left, Some(Left::Stumbled(_))) {
            // What asked for somebody is called again when the run is taken up again.
            state.left = Some(Left::Resumed);
            return;
        }
        drop(state);
        self.stay();
    }

    /// Goes on in place of being paused, if the run has not been left by now.
    pub(crate) fn stay(&self) {
        let mut state = self.state();
        let pauses =
            |left: &Left| matches!(left, Left::Paused(_) | Left::Stumbled(_) | Left::Resumed);
        if !state.left.as_ref().is_some_and(pauses) {
            return;
        }
        if self.durability.draining.load(Ordering::Acquire) {
            state.left = Some(Left::Released);
            return;
        }
        state.left = None;
        drop(state);
        self.go_on();
    }

    /// Leaves a run that is to be released, with what has begun and not ended: it is begun again.
    pub(crate) fn release_now(&self) {
        self.state().forced = true;
        self.stirred.notify_one();
    }

    /// The run is paused until somebody has seen to what a node failed with; whoever says so goes on only to give up.
    pub(crate) async fn stumble(&self, reason: String, gives_up: impl Fn() -> bool) {
        while !gives_up() {
            self.leave(Left::Stumbled(reason.clone()));
            self.pass().await;
        }
    }

    /// The run cannot go on as what was recorded does not fit; whoever says so never goes on.
    pub(crate) async fn park(&self, reason: String) {
        self.leave(Left::Parked(reason));
        pending::<()>().await;
    }

    /// Lets go of a run that is left; `false` if a signal came meanwhile, so that it is still held.
    ///
    /// One that was cancelled in the last moment is ready at once, to be stopped when it is taken up.
    pub(crate) async fn suspend(
        &self,
        status: RunStatus,
        ready_at: Option<Millis>,
        reason: Option<String>,
    ) -> bool {
        let Steered { seen, stopped } = *self.steer();
        let (status, ready_at, reason) = match stopped {
            true => (RunStatus::Queued, Some(0), None),
            false => (status, ready_at, reason),
        };
        let change = Change::Suspend {
            held: self.held,
            entries: self.riders(),
            status,
            ready_at,
            seen,
            reason,
        };
        !matches!(
            self.durability.journal.submit(change).await,
            Ok(Applied::Signalled { .. })
        )
    }
}
