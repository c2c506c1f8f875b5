//! What goes wrong at the service: decided by chance that follows from a seed.

use std::time::Duration;

use crate::chance::unit;

/// How often the service misbehaves.
#[derive(Debug, Clone)]
pub struct Faults {
    pub seed: u64,
    /// The share of requests that fail.
    pub fail: f64,
    /// The share of requests that are answered too late.
    pub stall: f64,
    /// How much too late.
    pub stall_for: Duration,
    /// How many requests for rates fail before the first one succeeds.
    pub outage: u32,
    /// Whether the answer to every shipment is lost.
    pub no_shipments: bool,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is refused, and nothing has happened.
    Refused,
    /// It is carried out, and the answer is lost: the caller cannot know that.
    Lost,
    /// It is carried out, and the answer comes too late.
    Stalled,
}

impl Faults {
    /// What goes wrong with the `nth` request (from 1) that is about `subject`.
    ///
    /// It depends on nothing else, so that a repeated program meets the same faults whatever the timing.
    pub fn of(&self, endpoint: &str, subject: &str, nth: u32) -> Option<Fault> {
        if self.no_shipments && endpoint == "shipment" {
            return Some(Fault::Lost);
        }
        let roll = unit(self.seed, &format!("{endpoint} {subject} {nth}"));
        if roll < self.fail / 2.0 {
            Some(Fault::Refused)
        } else if roll < self.fail {
            Some(Fault::Lost)
        } else if roll < self.fail + self.stall {
            Some(Fault::Stalled)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(fail: f64, stall: f64) -> [usize; 4] {
        let faults = Faults {
            seed: 3,
            fail,
            stall,
            stall_for: Duration::ZERO,
            outage: 0,
            no_shipments: false,
        };
        let mut counts = [0; 4];
        for order in 0..1_000 {
            let idx = match faults.of("charges", &format!("order-{order}"), 1) {
                None => 0,
                Some(Fault::Refused) => 1,
                Some(Fault::Lost) => 2,
                Some(Fault::Stalled) => 3,
            };
            counts[idx] += 1;
        }
        counts
    }

    #[test]
    fn shares_hold() {
        let [fine, refused, lost, stalled] = counted(0.4, 0.2);
        for (count, share) in [(fine, 400), (refused, 200), (lost, 200), (stalled, 200)] {
            assert!(count.abs_diff(share) < 50, "{count} of about {share}");
        }
    }

    #[test]
    fn nothing_and_everything_can_go_wrong() {
        assert_eq!(counted(0.0, 0.0), [1_000, 0, 0, 0]);
        assert_eq!(counted(0.0, 1.0), [0, 0, 0, 1_000]);
    }
}
