use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch_core::policy::BreakerPolicy;
use proptest::prelude::*;
use tokio::time::{Instant, advance};

use super::state::{Generation, Machine, Report};
use super::{Breaker, BreakerState, CallError, Keeping};
use crate::durability::Clock;
use crate::store::Change;

const MINUTE: Duration = Duration::from_secs(60);

fn policy(failure_threshold: u32, half_open_max_calls: u32) -> BreakerPolicy {
    BreakerPolicy {
        failure_threshold,
        recovery_timeout: MINUTE,
        half_open_max_calls,
        name: None,
    }
}

fn breaker(failure_threshold: u32, half_open_max_calls: u32) -> Breaker {
    Breaker::new("billing", policy(failure_threshold, half_open_max_calls))
}

fn fail(breaker: &Breaker, times: u32) {
    for _ in 0..times {
        breaker.acquire().unwrap().failure();
    }
}

#[tokio::test(start_paused = true)]
async fn opens_at_the_threshold_and_says_for_how_long() {
    let breaker = breaker(3, 1);
    fail(&breaker, 2);
    assert_eq!(breaker.state(), BreakerState::Closed);
    fail(&breaker, 1);
    assert_eq!(breaker.state(), BreakerState::Open);

    advance(Duration::from_secs(20)).await;
    let open = breaker.acquire().unwrap_err();
    assert_eq!(&*open.name, "billing");
    assert_eq!(open.retry_after, Duration::from_secs(40));
    assert_eq!(
        open.to_string(),
        "breaker `billing` is open for another 40.0s"
    );
    assert_eq!(open.code(), "breaker_open");
}

#[tokio::test(start_paused = true)]
async fn only_failures_in_a_row_count() {
    let breaker = breaker(3, 1);
    for _ in 0..10 {
        fail(&breaker, 2);
        breaker.acquire().unwrap().success();
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn is_half_open_exactly_when_the_recovery_timeout_has_passed() {
    let breaker = breaker(1, 1);
    fail(&breaker, 1);
    advance(MINUTE - Duration::from_nanos(1)).await;
    assert_eq!(breaker.state(), BreakerState::Open);
    advance(Duration::from_nanos(1)).await;
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn half_open_lets_so_many_through_and_closes_when_they_succeed() {
    let breaker = breaker(1, 3);
    fail(&breaker, 1);
    advance(MINUTE).await;
    let probes: Vec<_> = (0..3).map(|_| breaker.acquire().unwrap()).collect();
    let refused = breaker.acquire().unwrap_err();
    assert_eq!(refused.retry_after, Duration::ZERO);
    assert_eq!(
        refused.to_string(),
        "breaker `billing` is half open and its probes are under way"
    );
    for (done, probe) in probes.into_iter().enumerate() {
        assert_eq!(breaker.state(), BreakerState::HalfOpen, "after {done}");
        assert!(breaker.acquire().is_err(), "no more probes than it takes");
        probe.success();
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_opens_it_for_the_whole_time_again() {
    let breaker = breaker(1, 2);
    fail(&breaker, 1);
    advance(MINUTE).await;
    let slow = breaker.acquire().unwrap();
    breaker.acquire().unwrap().failure();
    assert_eq!(breaker.acquire().unwrap_err().retry_after, MINUTE);

    advance(MINUTE).await;
    slow.success();
    let snapshot = breaker.snapshot();
    assert_eq!(
        (snapshot.state, snapshot.recovered),
        (BreakerState::HalfOpen, 0),
        "the other probe belongs to the time before"
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_probe_frees_its_slot_and_counts_neither_way() {
    let breaker = breaker(1, 1);
    fail(&breaker, 1);
    advance(MINUTE).await;
    drop(breaker.acquire().unwrap());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    breaker.acquire().unwrap().success();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_does_not_break_a_row_of_failures() {
    let breaker = breaker(2, 1);
    fail(&breaker, 1);
    drop(breaker.acquire().unwrap());
    fail(&breaker, 1);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn late_results_of_calls_before_the_opening_do_not_count() {
    let breaker = breaker(1, 1);
    let (good, bad) = (breaker.acquire().unwrap(), breaker.acquire().unwrap());
    let cancelled = breaker.acquire().unwrap();
    fail(&breaker, 1);
    advance(MINUTE).await;
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    drop(cancelled);
    good.success();
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    bad.failure();
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn reset_closes_it_and_forgets_what_is_under_way() {
    let breaker = breaker(2, 1);
    let old = breaker.acquire().unwrap();
    fail(&breaker, 2);
    breaker.reset();
    assert_eq!(breaker.state(), BreakerState::Closed);
    fail(&breaker, 1);
    old.failure();
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert_eq!(breaker.snapshot().failures, 1);
}

#[tokio::test(start_paused = true)]
async fn calls_without_a_permit_can_be_recorded() {
    let breaker = breaker(2, 2);
    breaker.record_failure();
    breaker.record_success();
    breaker.record_failure();
    assert_eq!(breaker.state(), BreakerState::Closed);
    breaker.record_failure();
    assert_eq!(breaker.state(), BreakerState::Open);
    advance(MINUTE / 2).await;
    breaker.record_failure();
    breaker.record_success();
    assert_eq!(breaker.acquire().unwrap_err().retry_after, MINUTE / 2);
    advance(MINUTE / 2).await;
    breaker.record_success();
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    breaker.record_success();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn calls_go_through_it() {
    let breaker = breaker(1, 1);
    assert_eq!(breaker.call(async { Ok::<_, &str>(7) }).await, Ok(7));
    let failed = breaker.call(async { Err::<(), _>("down") }).await;
    assert_eq!(failed, Err(CallError::Failed("down")));
    let refused = breaker
        .call(async { panic!("an open breaker polled the call") as Result<(), &str> })
        .await;
    assert!(matches!(refused, Err(CallError::Open(_))));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_times_out_from_outside_counts_neither_way() {
    let breaker = breaker(1, 1);
    let call = breaker.call(pending::<Result<(), &str>>());
    assert!(tokio::time::timeout(MINUTE, call).await.is_err());
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test]
async fn a_call_that_panics_counts_as_a_failure() {
    let breaker = std::sync::Arc::new(breaker(1, 1));
    let callers = breaker.clone();
    let call = tokio::spawn(async move {
        let result: Result<(), CallError<&str>> = callers.call(async { panic!("boom") }).await;
        result
    });
    assert!(call.await.unwrap_err().is_panic());
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn the_snapshot_tells_all() {
    let breaker = breaker(2, 3);
    fail(&breaker, 1);
    assert_eq!(breaker.snapshot().failures, 1);
    fail(&breaker, 1);
    assert!(breaker.acquire().is_err());
    let open = breaker.snapshot();
    assert_eq!(open.retry_after, Some(MINUTE));
    assert_eq!((open.failures, open.opened, open.refused), (0, 1, 1));

    advance(MINUTE).await;
    breaker.acquire().unwrap().success();
    let _probe = breaker.acquire().unwrap();
    let json = serde_json::to_value(breaker.snapshot()).unwrap();
    let expected = serde_json::json!({
        "name": "billing", "state": "half_open", "failures": 0, "probing": 1, "recovered": 1,
        "opened": 1, "refused": 1,
    });
    assert_eq!(json, expected);
}

#[tokio::test(start_paused = true)]
async fn zeros_count_as_one() {
    let breaker = breaker(0, 0);
    assert_eq!(breaker.state(), BreakerState::Closed);
    fail(&breaker, 1);
    assert_eq!(breaker.state(), BreakerState::Open);
    advance(MINUTE).await;
    breaker.acquire().unwrap().success();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_recovery_beyond_all_time_does_not_overflow() {
    let endless = BreakerPolicy {
        recovery_timeout: Duration::MAX,
        ..policy(1, 1)
    };
    let breaker = Breaker::new("billing", endless);
    fail(&breaker, 1);
    advance(MINUTE).await;
    assert_eq!(breaker.acquire().unwrap_err().retry_after, Duration::MAX);
}

#[test]
fn a_call_error_shows_what_it_holds() {
    let failed = CallError::Failed("down");
    assert_eq!(failed.to_string(), "down");
}

/// The rules once more, by brute force: what happened since the last change of state, and a look at
/// all of it for each question.
struct Model {
    policy: BreakerPolicy,
    state: BreakerState,
    changed: Instant,
    epoch: u32,
    reports: Vec<Report>,
    calls: Vec<Call>,
}

struct Call {
    epoch: u32,
    generation: Generation,
}

impl Model {
    fn enter(&mut self, state: BreakerState, now: Instant) {
        self.state = state;
        self.changed = now;
        self.epoch += 1;
        self.reports.clear();
    }

    fn tick(&mut self, now: Instant) {
        if self.state == BreakerState::Open && now - self.changed >= self.policy.recovery_timeout {
            self.enter(BreakerState::HalfOpen, now);
        }
    }

    fn count(&self, report: Report) -> u32 {
        let same = self.reports.iter().filter(|&&each| each == report);
        u32::try_from(same.count()).unwrap()
    }

    fn lets_through(&self) -> bool {
        let probing = self.calls.iter().filter(|call| call.epoch == self.epoch);
        let probes = u32::try_from(probing.count()).unwrap() + self.count(Report::Success);
        match self.state {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => probes < self.policy.half_open_max_calls,
        }
    }

    fn report(&mut self, report: Report, now: Instant) {
        if report != Report::Nothing {
            self.reports.push(report);
        }
        let failing = self.reports.iter().rev();
        let row = failing.take_while(|&&each| each == Report::Failure).count();
        match self.state {
            BreakerState::Closed if row >= self.policy.failure_threshold as usize => {
                self.enter(BreakerState::Open, now);
            }
            BreakerState::HalfOpen if row > 0 => self.enter(BreakerState::Open, now),
            BreakerState::HalfOpen
                if self.count(Report::Success) >= self.policy.half_open_max_calls =>
            {
                self.enter(BreakerState::Closed, now);
            }
            _ => {}
        }
    }
}

#[derive(Debug, Clone)]
enum Event {
    Pass(Duration),
    Acquire,
    End(prop::sample::Index, Report),
    Record(Report),
    Reset,
}

fn report() -> impl Strategy<Value = Report> {
    prop_oneof![
        2 => Just(Report::Success),
        3 => Just(Report::Failure),
        1 => Just(Report::Nothing),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => (1u32..40).prop_map(|seconds| Event::Pass(Duration::from_secs(seconds.into()))),
        5 => Just(Event::Acquire),
        6 => (any::<prop::sample::Index>(), report()).prop_map(|(call, end)| Event::End(call, end)),
        1 => report().prop_map(Event::Record),
        1 => Just(Event::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn behaves_as_the_naive_model(
        threshold in 1u32..4, probes in 1u32..4, events in prop::collection::vec(event(), 1..120),
    ) {
        let policy = policy(threshold, probes);
        let mut now = Instant::now();
        let mut machine = Machine::new(&policy);
        let mut model = Model {
            policy, state: BreakerState::Closed, changed: now, epoch: 0,
            reports: Vec::new(), calls: Vec::new(),
        };
        for event in events {
            if let Event::Pass(time) = event {
                now += time;
            }
            model.tick(now);
            match event {
                Event::Pass(_) => {}
                Event::Acquire => {
                    let acquired = machine.acquire(now);
                    prop_assert_eq!(acquired.is_ok(), model.lets_through());
                    if let Ok(generation) = acquired {
                        model.calls.push(Call { epoch: model.epoch, generation });
                    }
                }
                Event::End(..) if model.calls.is_empty() => {}
                Event::End(call, end) => {
                    let call = model.calls.swap_remove(call.index(model.calls.len()));
                    machine.report(Some(call.generation), end, now);
                    if call.epoch == model.epoch {
                        model.report(end, now);
                    }
                }
                Event::Record(end) => {
                    machine.report(None, end, now);
                    if model.state != BreakerState::Open {
                        model.report(end, now);
                    }
                }
                Event::Reset => {
                    machine.reset();
                    model.enter(BreakerState::Closed, now);
                }
            }
            prop_assert_eq!(machine.state(now), model.state);
        }
    }
}

/// A process with its own clock, and what it hands over to be kept.
#[derive(Clone, Default)]
struct Process {
    changes: Arc<Mutex<Vec<Change>>>,
}

impl Process {
    /// A breaker of a process that begins at this time of day, with what was kept before.
    fn breaker(&self, at: i64, before: &[(String, String)]) -> Breaker {
        let changes = Arc::clone(&self.changes);
        let submit = move |change| changes.lock().unwrap().push(change);
        let keeping = Keeping::new(before.to_vec(), Clock::of_runtime(at), submit);
        let breaker = Breaker::new("api", kept_policy());
        breaker.keep(&Arc::new(keeping), "step");
        breaker
    }

    /// What is kept by now.
    fn kept(&self) -> Vec<(String, String)> {
        let changes = self.changes.lock().unwrap();
        let mut kept = std::collections::BTreeMap::new();
        for change in changes.iter() {
            match change {
                Change::Put { key, value, .. } => kept.insert(key.clone(), value.clone()),
                Change::Remove { key, .. } => kept.remove(key),
                other => panic!("{other:?}"),
            };
        }
        kept.into_iter().collect()
    }

    fn changes(&self) -> usize {
        self.changes.lock().unwrap().len()
    }
}

fn kept_policy() -> BreakerPolicy {
    BreakerPolicy {
        failure_threshold: 2,
        recovery_timeout: Duration::from_secs(60),
        half_open_max_calls: 1,
        name: Some("api"),
    }
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_as_it_was_by_the_time_of_day() {
    let (process, noon) = (Process::default(), 1_767_225_600_000);
    let breaker = process.breaker(noon, &[]);
    for _ in 0..10 {
        breaker.acquire().unwrap().success();
    }
    breaker.acquire().unwrap().failure();
    assert_eq!(process.changes(), 0, "calls alone change nothing");
    breaker.acquire().unwrap().failure();
    assert!(breaker.acquire().is_err());
    assert_eq!(process.changes(), 1);
    let kept = process.kept();
    for (passed, left) in [(0, 60), (59, 1), (60, 0), (86_400, 0), (-86_400, 60)] {
        let again = Process::default();
        let breaker = again.breaker(noon + passed * 1_000, &kept);
        let found = breaker
            .snapshot()
            .retry_after
            .map_or(0, |left| left.as_secs());
        assert_eq!(found, left, "after {passed} s");
        if left == 0 {
            assert_eq!(breaker.state(), BreakerState::HalfOpen);
            breaker.acquire().unwrap().failure();
            assert_eq!(again.kept().len(), 1, "it opened again");
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        breaker.acquire().unwrap().success();
        assert_eq!(breaker.state(), BreakerState::Closed, "after {passed} s");
        assert_eq!(again.kept(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_of_another_breaker_is_not_its_own() {
    let open = r#"{"opened_at":1,"until":9999999999999}"#.to_owned();
    let before = [
        ("other".to_owned(), open),
        ("api".to_owned(), "?".to_owned()),
    ];
    let breaker = Process::default().breaker(0, &before);
    assert_eq!(breaker.state(), BreakerState::Closed);
    let alone = |threshold| {
        let policy = BreakerPolicy {
            failure_threshold: threshold,
            name: None,
            ..kept_policy()
        };
        Breaker::new("api", policy).kept_under("shop::charge")
    };
    assert_eq!(alone(3), "shop::charge 3 60s 1");
    assert_ne!(alone(3), alone(4));
}
