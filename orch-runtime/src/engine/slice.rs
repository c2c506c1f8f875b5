//! How long a strand goes on before it lets other tasks of its worker run.

use std::time::Duration;

use tokio::task::coop;
use tokio::time::Instant;

/// How long a strand goes on: short against what a server's latency is measured in, long against what it costs to be
/// scheduled again.
const SLICE: Duration = Duration::from_micros(250);

/// How many jobs there are before the first look at the clock, and before the second.
const FIRST: u32 = 4;

/// How many jobs there are at most between two looks.
const MOST: u32 = 64;

/// A strand's share of its worker's time.
///
/// Looking at the clock after each job would cost more than a small job, so that the next look is taken when half of
/// what is left is likely to be used up.
#[derive(Debug)]
pub(crate) struct Slice {
    began: Option<Instant>,
    jobs: u32,
    /// How many jobs are left until the next look.
    left: u32,
}

impl Default for Slice {
    /// A slice that begins with its first look: most runs end before.
    fn default() -> Self {
        Self {
            began: None,
            jobs: 0,
            left: FIRST,
        }
    }
}

impl Slice {
    /// Counts a job; whether others are to run before it.
    pub(crate) fn is_over(&mut self) -> bool {
        if !coop::has_budget_remaining() {
            return true;
        }
        self.jobs += 1;
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                false
            }
            None => self.look(Instant::now()),
        }
    }

    /// Begins anew.
    pub(crate) fn renew(&mut self) {
        *self = Self::default();
    }

    #[cold]
    fn look(&mut self, now: Instant) -> bool {
        let Some(began) = self.began else {
            (self.began, self.jobs, self.left) = (Some(now), 0, FIRST);
            return false;
        };
        let used = now.saturating_duration_since(began);
        let Some(unused) = SLICE.checked_sub(used) else {
            return true;
        };
        let each = used.as_nanos() / u128::from(self.jobs.max(1));
        let fit = unused.as_nanos() / 2 / each.max(1);
        self.left = u32::try_from(fit).unwrap_or(MOST).min(MOST);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many jobs of a length a slice lets through, and how often it looks at the clock meanwhile.
    fn jobs_of(length: Duration) -> (u32, u32) {
        let (mut slice, mut now, mut looks) = (Slice::default(), Instant::now(), 0);
        for jobs in 0.. {
            slice.jobs += 1;
            if slice.left > 0 {
                slice.left -= 1;
            } else {
                looks += 1;
                if slice.look(now) {
                    return (jobs, looks);
                }
            }
            now += length;
        }
        unreachable!("a slice ends");
    }

    #[test]
    fn a_slice_ends_in_time_and_looks_at_the_clock_seldom() {
        let (jobs, looks) = jobs_of(Duration::from_nanos(100));
        assert!((2500..2700).contains(&jobs), "{jobs}");
        assert!(looks < 70, "{looks}");
        let (jobs, _) = jobs_of(Duration::from_micros(10));
        assert!((25..50).contains(&jobs), "{jobs}");
        let (jobs, _) = jobs_of(Duration::from_millis(1));
        assert!(jobs < 12, "{jobs}");
    }
}
