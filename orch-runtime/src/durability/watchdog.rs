//! Noticing runs that stand still.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orch_core::plan::WorkflowSpec;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Durability;
use crate::engine::run::Run;

/// How long a run stands still before that is told, where too little is known of its workflow's steps.
const STUCK_AFTER: Duration = Duration::from_secs(600);

/// What is learned of quick steps is never less than this: a machine that is busy for a moment is no standstill.
const AT_LEAST: Duration = Duration::from_secs(60);

/// How many calls of a workflow have to be known.
const ENOUGH: u32 = 100;

/// How many calls are remembered at most; then the older ones count half.
const REMEMBERED: u32 = 10_000;

/// The time between two looks, at least.
const PACE: Duration = Duration::from_secs(1);

/// When runs count as stuck, and when that is looked at next.
#[derive(Debug, Default)]
pub(crate) struct Watchdog {
    stuck_after: Option<Duration>,
    state: Mutex<State>,
    sooner: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// When runs are looked at next; `None` while there are none.
    next: Option<Instant>,
    durations: HashMap<&'static str, Durations>,
}

impl Watchdog {
    pub(crate) fn new(stuck_after: Option<Duration>) -> Self {
        Self {
            stuck_after,
            ..Self::default()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call of a workflow took so long.
    pub(crate) fn took(&self, workflow: &'static str, duration: Duration) {
        self.state()
            .durations
            .entry(workflow)
            .or_default()
            .add(duration);
    }

    /// How long a workflow's run stands still before that is told.
    fn patience(&self, spec: &WorkflowSpec) -> Duration {
        let said = spec.stuck_after.or(self.stuck_after);
        said.unwrap_or_else(|| {
            let state = self.state();
            let known = state
                .durations
                .get(spec.name)
                .and_then(Durations::percentile_99);
            known.map_or(STUCK_AFTER, |p99| p99.saturating_mul(3).max(AT_LEAST))
        })
    }

    /// A run is under way.
    pub(super) fn entered(&self, run: &Run) {
        let due = Instant::now().checked_add(self.patience(run.program.spec));
        let state = self.state();
        let earlier = match (due, state.next) {
            (Some(due), Some(next)) => due < next,
            (due, None) => due.is_some(),
            (None, Some(_)) => false,
        };
        if earlier {
            self.sooner.notify_one();
        }
    }
}

/// Tells of runs that stand still, for as long as the orchestrator is there.
pub(super) async fn keep(durability: Arc<Durability>) {
    let watchdog = &durability.watchdog;
    loop {
        let runs = durability.all_live();
        let next = runs.iter().filter_map(|run| look(watchdog, run)).min();
        drop(runs);
        let next = next.map(|next| next.max(Instant::now() + PACE));
        watchdog.state().next = next;
        match next {
            Some(next) => tokio::select! {
                biased;
                () = tokio::time::sleep_until(next) => {}
                () = watchdog.sooner.notified() => {}
            },
            None => watchdog.sooner.notified().await,
        }
    }
}

/// Tells of a run if it stands still; gives when it is to be looked at again.
fn look(watchdog: &Watchdog, run: &Run) -> Option<Instant> {
    let record = run.journal.as_ref()?;
    let patience = watchdog.patience(run.program.spec);
    let again = Instant::now().checked_add(patience);
    if record.is_quiet() {
        return again;
    }
    if let (Some(found), Some(observer)) = (record.under_way.standstill(patience), &run.observer) {
        observer.stuck(run, found);
    }
    record.under_way.due(patience).or(again)
}

/// How long calls took: how many of them fell between which bounds, each a fourth or less above the one before.
#[derive(Debug)]
struct Durations {
    counts: Box<[u32; Self::BUCKETS]>,
    total: u32,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            counts: Box::new([0; Self::BUCKETS]),
            total: 0,
        }
    }
}

impl Durations {
    /// Up to 2^40 milliseconds, which is more than thirty years.
    const BUCKETS: usize = 160;

    fn add(&mut self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.counts[Self::bucket(millis)] += 1;
        self.total += 1;
        if self.total == REMEMBERED {
            for count in self.counts.iter_mut() {
                *count /= 2;
            }
            self.total = self.counts.iter().sum();
        }
    }

    /// Four buckets for each power of two.
    fn bucket(millis: u64) -> usize {
        let millis = millis.max(1);
        let power = millis.ilog2() as usize;
        let quarter = ((u128::from(millis) * 4) >> power) as usize - 4;
        (power * 4 + quarter).min(Self::BUCKETS - 1)
    }

    /// The least number of milliseconds above a bucket.
    fn above(bucket: usize) -> u64 {
        (1 << (bucket / 4)) * (bucket % 4 + 5) as u64 / 4
    }

    /// What 99 of 100 calls do not exceed; `None` while too few are known.
    fn percentile_99(&self) -> Option<Duration> {
        if self.total < ENOUGH {
            return None;
        }
        let most = u64::from(self.total) * 99 / 100;
        let mut below = 0;
        let bucket = self.counts.iter().position(|count| {
            below += u64::from(*count);
            below >= most
        });
        bucket.map(|bucket| Duration::from_millis(Self::above(bucket)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Durations, ENOUGH, REMEMBERED};

    fn of(durations: impl Iterator<Item = u64>) -> Durations {
        let mut known = Durations::default();
        for millis in durations {
            known.add(Duration::from_millis(millis));
        }
        known
    }

    #[test]
    fn the_percentile_is_known_to_a_fourth() {
        assert_eq!(of(0..u64::from(ENOUGH) - 1).percentile_99(), None);
        for scale in [1_u64, 7, 1_000, 123_456, 7_654_321] {
            let durations = of((1..=1_000).map(|n| n * scale));
            let exact = 990 * scale;
            let found = durations.percentile_99().unwrap_or_default().as_millis() as u64;
            assert!(
                (exact..=exact + exact / 3).contains(&found),
                "{found} for {exact}"
            );
        }
        // One in two hundred is no reason to wait for as long as it took.
        let rare = of((0..400).map(|n| if n % 200 == 0 { 1_000_000 } else { 100 }));
        assert!(rare.percentile_99() < Some(Duration::from_millis(140)));
    }

    #[test]
    fn what_is_longer_than_anything_has_a_place() {
        let durations = of(std::iter::repeat_n(u64::MAX, 200).chain([0]));
        assert!(durations.percentile_99() > Some(Duration::from_secs(1 << 30)));
    }

    #[test]
    fn steps_that_become_slower_are_learned_anew() {
        let many = REMEMBERED as usize;
        let slow = std::iter::repeat_n(10_000, many / 50);
        let durations = of(std::iter::repeat_n(10, 3 * many).chain(slow));
        assert!(durations.percentile_99() > Some(Duration::from_secs(9)));
    }
}
