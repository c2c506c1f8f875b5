//! What trigger rules say.

use super::Status;
use crate::plan::Rule;

/// How the nodes that a node names stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) open: u32,
    pub(super) done: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
}

impl Tally {
    pub(super) fn count(&mut self, status: Status) {
        match status {
            Status::Waiting | Status::Running => self.open += 1,
            Status::Done => self.done += 1,
            Status::Skipped => self.skipped += 1,
            Status::Failed | Status::Blocked | Status::Cancelled => self.failed += 1,
        }
    }

    /// One of those that were open has ended.
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
#[inline]
pub(super) fn decide(rule: Rule, tally: Tally) -> Option<Decision> {
    let early = match rule {
        Rule::OneSuccess => tally.done > 0,
        Rule::OneFailed => tally.failed > 0,
        _ => false,
    };
    (tally.open == 0 || early).then(|| judge(rule, tally))
}

fn judge(rule: Rule, tally: Tally) -> Decision {
    let (done, failed, skipped) = (tally.done > 0, tally.failed > 0, tally.skipped > 0);
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
        failed: 1,
        ..Tally::default()
    };
    decide(rule, failed) == Some(Decision::Start)
}
