//! Where Orch must stand, as ratios of medians of one run on two workers.

use crate::candidates::{by_hand, orch};
use crate::harness::Measured;

/// By how much a goal may be missed before that is a failure: machines are noisy.
pub const SLACK: f64 = 4.0 / 3.0;

/// One ratio.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// The shape.
    pub case: &'static str,
    /// The candidate that is measured.
    pub candidate: &'static str,
    /// The candidate it is compared with.
    pub against: &'static str,
    /// The ratio at most.
    pub at_most: f64,
}

/// All goals.
#[must_use]
pub fn all() -> Vec<Goal> {
    let goals: [(&[&str], &[(&str, f64)]); 5] = [
        (&["diamond"], &[(by_hand::SPAWN, 0.45)]),
        (&["chain 100"], &[(by_hand::SPAWN, 0.4)]),
        (&["chain 1000"], &[(by_hand::SPAWN, 0.6)]),
        (
            &["fan 100", "fan 1000", "fan 10,000"],
            &[(by_hand::SPAWN, 0.4)],
        ),
        (&["layered 20×50"], &[(by_hand::SPAWN, 0.8)]),
    ];
    let mut all = Vec::new();
    for (cases, ratios) in goals {
        for &case in cases {
            all.extend(ratios.iter().map(|&(against, at_most)| Goal {
                case,
                candidate: orch::RUN,
                against,
                at_most,
            }));
        }
    }
    all
}

impl Goal {
    /// The ratio that was measured, if both were.
    #[must_use]
    pub fn ratio(&self, case: &str, measured: &[Measured]) -> Option<f64> {
        let run = |name| Some(measured.iter().find(|one| one.name == name)?.run);
        (case == self.case).then_some(run(self.candidate)? / run(self.against)?)
    }
}
