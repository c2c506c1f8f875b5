use std::time::Duration;

use orch_core::policy::BreakerPolicy;
use tokio::time::Instant;

use super::{BreakerSnapshot, BreakerState};

/// Counts changes of state, so that the result of a call that began before one is recognized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    Success,
    Failure,
    /// It was cancelled, which says nothing.
    Nothing,
}

#[derive(Debug)]
enum Phase {
    Closed {
        failures: u32,
    },
    /// `until` is `None` where the recovery timeout is longer than the clock can count.
    Open {
        until: Option<Instant>,
    },
    HalfOpen {
        probing: u32,
        recovered: u32,
    },
}

/// The breaker as a function of calls, reports and the time they are told at.
#[derive(Debug)]
pub(super) struct Machine {
    threshold: u32,
    recovery: Duration,
    probes: u32,
    phase: Phase,
    generation: u64,
    opened: u64,
    refused: u64,
}

impl Machine {
    pub(super) fn new(policy: &BreakerPolicy) -> Self {
        Self {
            threshold: policy.failure_threshold.max(1),
            recovery: policy.recovery_timeout,
            probes: policy.half_open_max_calls.max(1),
            phase: Phase::Closed { failures: 0 },
            generation: 0,
            opened: 0,
            refused: 0,
        }
    }

    pub(super) fn generation(&self) -> Generation {
        Generation(self.generation)
    }

    pub(super) fn state(&mut self, now: Instant) -> BreakerState {
        self.recover(now);
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Lets a call through, or says how long to wait.
    pub(super) fn acquire(&mut self, now: Instant) -> Result<Generation, Duration> {
        self.recover(now);
        let refusal = match &mut self.phase {
            Phase::Closed { .. } => None,
            Phase::Open { until } => Some(remaining(*until, now)),
            // No more probes than it takes to close, counting those that have succeeded already.
            Phase::HalfOpen { probing, recovered } if *probing + *recovered < self.probes => {
                *probing += 1;
                None
            }
            Phase::HalfOpen { .. } => Some(Duration::ZERO),
        };
        match refusal {
            None => Ok(self.generation()),
            Some(retry_after) => {
                self.refused += 1;
                Err(retry_after)
            }
        }
    }

    /// Lets a call through without a look at the clock, as long as it is closed.
    pub(super) fn let_through(&self) -> Option<Generation> {
        matches!(self.phase, Phase::Closed { .. }).then(|| self.generation())
    }

    /// Takes note of a success without a look at the clock; whether it is closed, so that it can.
    pub(super) fn went_well(&mut self, generation: Option<Generation>) -> bool {
        let counts = generation.is_none_or(|of_call| of_call == self.generation());
        match &mut self.phase {
            Phase::Closed { failures } => {
                if counts {
                    *failures = 0;
                }
                true
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => false,
        }
    }

    /// Takes note of how a call ended: one let through in `generation`, or one that was not asked for.
    pub(super) fn report(&mut self, generation: Option<Generation>, report: Report, now: Instant) {
        self.recover(now);
        if generation.is_some_and(|of_call| of_call != self.generation()) {
            return;
        }
        match &mut self.phase {
            Phase::Open { .. } => {}
            Phase::Closed { failures } => match report {
                Report::Nothing => {}
                Report::Success => *failures = 0,
                Report::Failure => {
                    *failures += 1;
                    if *failures >= self.threshold {
                        self.open(now);
                    }
                }
            },
            Phase::HalfOpen { probing, recovered } => {
                if generation.is_some() {
                    *probing -= 1;
                }
                match report {
                    Report::Nothing => {}
                    Report::Success => {
                        *recovered += 1;
                        if *recovered >= self.probes {
                            self.reset();
                        }
                    }
                    Report::Failure => self.open(now),
                }
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.enter(Phase::Closed { failures: 0 });
    }

    pub(super) fn snapshot(&mut self, name: &str, now: Instant) -> BreakerSnapshot {
        let state = self.state(now);
        let (mut failures, mut probing, mut recovered, mut retry_after) = (0, 0, 0, None);
        match self.phase {
            Phase::Closed { failures: count } => failures = count,
            Phase::Open { until } => retry_after = Some(remaining(until, now)),
            Phase::HalfOpen {
                probing: under_way,
                recovered: done,
            } => {
                (probing, recovered) = (under_way, done);
            }
        }
        BreakerSnapshot {
            name: name.to_owned(),
            state,
            failures,
            probing,
            recovered,
            retry_after,
            opened: self.opened,
            refused: self.refused,
        }
    }

    /// Open for as long as it is after all that was before.
    pub(super) fn reopen(&mut self, left: Duration, now: Instant) {
        self.enter(Phase::Open {
            until: now.checked_add(left),
        });
    }

    /// From open to half open, once the time has come.
    fn recover(&mut self, now: Instant) {
        if let Phase::Open { until: Some(until) } = self.phase
            && now >= until
        {
            self.enter(Phase::HalfOpen {
                probing: 0,
                recovered: 0,
            });
        }
    }

    fn open(&mut self, now: Instant) {
        self.opened += 1;
        self.enter(Phase::Open {
            until: now.checked_add(self.recovery),
        });
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
    }
}

fn remaining(until: Option<Instant>, now: Instant) -> Duration {
    until.map_or(Duration::MAX, |until| until.saturating_duration_since(now))
}
