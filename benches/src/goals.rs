//! Where Orch must stand, as ratios of medians of one run on two workers.

use crate::candidates::{by_hand, dagx, operese, orch};
use crate::report::Row;

/// By how much what stands may be exceeded before that is a failure: machines are noisy.
pub const SLACK: f64 = 4.0 / 3.0;

/// How often what is missed is measured again at most, since a machine may be busy for a while.
pub const AGAIN: usize = 3;

/// What stands for the steps of the candidate itself, run in turn.
pub const OWN_STEPS: &str = "its steps in turn";

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
    /// The ratio that stands beside a test suite that keeps both cores busy, where that is more: it is not to grow.
    pub stands: f64,
}

/// Shapes, who runs them, and the ratio to others: at most, and as it stands.
type Group<'a> = (
    &'a [&'static str],
    &'static str,
    &'a [(&'static str, f64, f64)],
);

/// All goals.
#[must_use]
pub fn all() -> Vec<Goal> {
    let burning = ["2 × 20 ms of CPU", "8 × 20 ms of CPU"];
    let goals: [Group<'_>; 8] = [
        (
            &["diamond"],
            orch::RUN,
            &[(by_hand::SPAWN, 0.45, 0.8), (operese::OPERESE, 0.3, 0.43)],
        ),
        (
            &["chain 100"],
            orch::RUN,
            &[
                (by_hand::SPAWN, 0.4, 0.47),
                (operese::OPERESE, 0.65, 0.65),
                (dagx::DAGX, 1.0 / 6.0, 0.17),
            ],
        ),
        (&["chain 1000"], orch::RUN, &[(by_hand::SPAWN, 0.6, 0.74)]),
        (
            &["fan 100", "fan 1000", "fan 10,000"],
            orch::RUN,
            &[(by_hand::SPAWN, 0.4, 0.47), (operese::OPERESE, 0.15, 0.21)],
        ),
        (
            &["layered 20×50"],
            orch::RUN,
            &[(by_hand::SPAWN, 0.8, 0.82), (operese::OPERESE, 0.4, 0.4)],
        ),
        (
            &["unbalanced"],
            orch::RUN,
            &[(by_hand::LONG_ARM, 1.05, 1.05)],
        ),
        (&burning, orch::PLAIN_FIRST, &[(OWN_STEPS, 0.55, 0.55)]),
        (&burning, orch::ASYNC_SECOND, &[(OWN_STEPS, 0.55, 0.55)]),
    ];
    let mut all = Vec::new();
    for (cases, candidate, ratios) in goals {
        for &case in cases {
            all.extend(ratios.iter().map(|&(against, at_most, stands)| Goal {
                case,
                candidate,
                against,
                at_most,
                stands,
            }));
        }
    }
    all
}

impl Goal {
    /// The ratio from which on it is a failure.
    #[must_use]
    pub fn limit(&self) -> f64 {
        self.at_most.max(self.stands) * SLACK
    }

    /// The ratio that was measured, if both were: of medians, and of the fastest turns where a turn is a single run.
    #[must_use]
    pub fn ratio(&self, row: &Row) -> Option<f64> {
        let find = |name| row.measured.iter().find(|one| one.name == name);
        let run = |name| find(name).map(|one| if row.whole { one.least } else { one.run });
        if row.case != self.case {
            return None;
        }
        match self.against {
            OWN_STEPS => find(self.candidate).map(|one| one.share),
            against => Some(run(self.candidate)? / run(against)?),
        }
    }
}
