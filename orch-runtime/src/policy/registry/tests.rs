use std::sync::{Arc, Barrier};
use std::time::Duration;

use orch_core::policy::{BreakerPolicy, Concurrency, Policies, RateLimit};

use super::{Kind, Registry};
use crate::policy::breaker::BreakerState;

fn concurrency(max: u32, name: Option<&'static str>) -> Concurrency {
    Concurrency { max, name }
}

fn breaker(failure_threshold: u32, name: Option<&'static str>) -> BreakerPolicy {
    BreakerPolicy {
        failure_threshold,
        recovery_timeout: Duration::from_secs(60),
        half_open_max_calls: 1,
        name,
    }
}

fn rate_limit(permits: u32, name: Option<&'static str>) -> RateLimit {
    RateLimit {
        permits,
        period: Duration::from_secs(1),
        burst: 1,
        name,
    }
}

fn all(number: u32, name: Option<&'static str>) -> Policies {
    Policies {
        breaker: Some(breaker(number, name)),
        concurrency: Some(concurrency(number, name)),
        rate_limit: Some(rate_limit(number, name)),
        ..Policies::NONE
    }
}

#[test]
fn a_name_is_shared_across_steps() {
    let registry = Registry::default();
    let a = registry.resolve("a", &all(1, Some("api"))).unwrap();
    let b = registry.resolve("b", &all(1, Some("api"))).unwrap();
    assert!(Arc::ptr_eq(&a.breaker.unwrap(), &b.breaker.unwrap()));
    assert!(Arc::ptr_eq(&a.limiter.unwrap(), &b.limiter.unwrap()));
    #[cfg(feature = "rate-limit")]
    assert!(Arc::ptr_eq(
        &a.rate_limiter.unwrap(),
        &b.rate_limiter.unwrap()
    ));
}

#[test]
fn without_a_name_a_step_has_its_own() {
    let registry = Registry::default();
    let policy = concurrency(1, None);
    let first = registry.limiter("a", policy).unwrap();
    assert!(Arc::ptr_eq(&first, &registry.limiter("a", policy).unwrap()));
    assert!(!Arc::ptr_eq(
        &first,
        &registry.limiter("b", policy).unwrap()
    ));
    let shared = registry.limiter("b", concurrency(1, Some("a"))).unwrap();
    assert!(
        !Arc::ptr_eq(&first, &shared),
        "a shared name is not a step's"
    );
    assert_eq!(first.name(), "a");
}

#[test]
fn a_use_with_settings_of_its_own_has_an_instance_of_its_own() {
    let registry = Registry::default();
    let usual = registry.limiter("a", concurrency(16, None)).unwrap();
    let special = registry.limiter("a", concurrency(4, None)).unwrap();
    assert!(!Arc::ptr_eq(&usual, &special));
    assert_eq!((usual.policy().max, special.policy().max), (16, 4));
}

#[test]
fn every_conflict_is_reported_with_both_settings() {
    let registry = Registry::default();
    registry.resolve("a", &all(1, Some("api"))).unwrap();
    let conflicts = registry.resolve("b", &all(2, Some("api"))).unwrap_err();
    let text: Vec<_> = conflicts.iter().map(ToString::to_string).collect();
    let mut expected = vec![
        "the breaker `api` is declared with different settings: \
         failure_threshold 1, recovery_timeout 60s, half_open_max_calls 1, \
         and failure_threshold 2, recovery_timeout 60s, half_open_max_calls 1",
        "the concurrency limit `api` is declared with different settings: max 1, and max 2",
    ];
    if cfg!(feature = "rate-limit") {
        expected.push(
            "the rate limit `api` is declared with different settings: \
             1 per 1s, burst 1, and 2 per 1s, burst 1",
        );
    }
    assert_eq!(text, expected);
    assert_eq!(conflicts[0].kind, Kind::Breaker);
    assert_eq!(conflicts[0].code(), "policy_conflict");

    let kept = registry.breaker("c", breaker(1, Some("api"))).unwrap();
    assert_eq!(kept.policy().failure_threshold, 1, "the first one stays");
}

#[test]
fn one_name_may_be_used_for_each_kind() {
    let registry = Registry::default();
    registry.limiter("a", concurrency(1, Some("api"))).unwrap();
    registry.breaker("a", breaker(7, Some("api"))).unwrap();
    assert_eq!(
        (registry.limiters().len(), registry.breakers().len()),
        (1, 1)
    );
}

#[test]
fn asks_for_nothing_where_nothing_is_said() {
    let instances = Registry::default().resolve("a", &Policies::NONE).unwrap();
    assert!(instances.breaker.is_none() && instances.limiter.is_none());
}

#[tokio::test]
async fn breakers_are_listed_read_and_reset_by_name() {
    let registry = Registry::default();
    for name in ["mail", "api", "zoo"] {
        registry.breaker("any", breaker(1, Some(name))).unwrap();
    }
    registry.breaker("billing", breaker(1, None)).unwrap();
    let breakers = registry.breakers();
    let names: Vec<_> = breakers.iter().map(|breaker| breaker.name()).collect();
    assert_eq!(names, ["api", "billing", "mail", "zoo"]);

    let mail = registry.breaker_named("mail").unwrap();
    mail.record_failure();
    assert_eq!(breakers[2].state(), BreakerState::Open);
    registry.breaker_named("mail").unwrap().reset();
    assert_eq!(breakers[2].state(), BreakerState::Closed);
    assert!(registry.breaker_named("billing").is_some(), "a step's own");
    assert!(registry.breaker_named("nobody").is_none());
}

#[test]
fn two_registries_share_nothing() {
    let (one, other) = (Registry::default(), Registry::default());
    let policy = concurrency(1, Some("api"));
    let (a, b) = (
        one.limiter("a", policy).unwrap(),
        other.limiter("a", policy).unwrap(),
    );
    assert!(!Arc::ptr_eq(&a, &b));
    other.limiter("a", concurrency(2, Some("other"))).unwrap();
    assert_eq!(one.limiters().len(), 1);
}

#[test]
fn threads_that_ask_at_once_get_the_same_one() {
    let registry = Registry::default();
    let gate = Barrier::new(4);
    for round in 0..500 {
        let step = round.to_string();
        let ask = || {
            gate.wait();
            registry
                .limiter(step.as_str(), concurrency(1, None))
                .unwrap()
        };
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join().unwrap();
            threads.into_iter().map(join).collect::<Vec<_>>()
        });
        assert!(found.iter().all(|each| Arc::ptr_eq(each, &found[0])));
    }
}
