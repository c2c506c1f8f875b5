//! What trigger rules say.

use super::Status;
use crate::plan::Rule;

/// How the nodes that a node names stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// How many have not ended.
    pub(super) open: u32,
    /// Whether one is done, has failed, was skipped.
    pub(super) done: bool,
    pub(super) failed: bool,
    pub(super) skipped: bool,
}

impl Tally {
    #[inline]
    pub(super) fn count(&mut self, status: Status) {
        match status {
            Status::Waiting | Status::Running => self.open += 1,
            Status::Done => self.done = true,
            Status::Skipped => self.skipped = true,
            Status::Failed | Status::Blocked | Status::Cancelled => self.failed = true,
        }
    }

    /// One of those that were open has ended.
    #[inline]
    pub(super) fn settle(&mut self, status: Status) {
        self.open -= 1;
        self.count(status);
    }
}

/// What becomes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Start,
    /// It ends without having started.
    End(Status),
}

/// What a rule says of a tally, as soon as it can be said.
pub(super) fn decide(rule: Rule, tally: Tally) -> Option<Decision> {
    let early = match rule {
        Rule::OneSuccess => tally.done,
        Rule::OneFailed => tally.failed,
        _ => false,
    };
    (tally.open == 0 || early).then(|| judge(rule, tally))
}

fn judge(rule: Rule, tally: Tally) -> Decision {
    let Tally {
        done,
        failed,
        skipped,
        ..
    } = tally;
    let holds = match rule {
        Rule::AllSuccess => !failed && !skipped,
        Rule::AllDone => true,
        Rule::AllFailed => !done && !skipped,
        Rule::AllSkipped => !done && !failed,
        Rule::OneSuccess => done,
        Rule::OneFailed => failed,
        Rule::NoneFailed => !failed,
        Rule::NoneFailedMinOneSuccess => !failed && done,
        Rule::NoneSkipped => !skipped,
    };
    // With nothing named there is nothing to judge.
    if holds || tally == Tally::default() {
        Decision::Start
    } else if failed && asks_for_success(rule) {
        Decision::End(Status::Blocked)
    } else {
        Decision::End(Status::Skipped)
    }
}

/// Whether a failure, and not the course of things, is why the rule does not hold.
fn asks_for_success(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::AllSuccess | Rule::OneSuccess | Rule::NoneFailed | Rule::NoneFailedMinOneSuccess
    )
}

/// Whether the rule holds when all that is named has failed: it is there for failures too.
pub(super) fn outlives_failure(rule: Rule) -> bool {
    let failed = Tally {
        failed: true,
        ..Tally::default()
    };
    decide(rule, failed) == Some(Decision::Start)
}
