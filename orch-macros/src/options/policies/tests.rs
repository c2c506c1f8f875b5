use super::*;
use crate::options::OptionList;
use crate::text;

fn read(options: &str) -> (PolicyOptions, Vec<String>) {
    let mut errors = Errors::new();
    let mut policies = PolicyOptions::default();
    let tokens = options.parse().unwrap();
    let list = OptionList::parse(tokens, "option", &PolicyOptions::KEYS, false, &mut errors);
    for given in &list.given {
        assert!(policies.take(given, &mut errors), "{options}");
    }
    policies.check(true, &mut errors);
    let errors = errors.into_list().iter().map(ToString::to_string).collect();
    (policies, errors)
}

#[test]
fn policies_become_constants() {
    for (options, expected) in [
        ("", ""),
        ("retries = 3", "retries: Some(3)"),
        (
            "retries = 1, backoff = \"200ms..30s\"",
            "retries: Some(1), backoff: Some(Backoff { initial: Duration::from_millis(200), max: Duration::from_secs(30), factor: 2.0, jitter: Jitter::Equal })",
        ),
        (
            "retries = 1, backoff(initial = \"1m\", factor = 1.5, jitter = \"none\")",
            "retries: Some(1), backoff: Some(Backoff { initial: Duration::from_secs(60), max: Duration::from_secs(60), factor: 1.5, jitter: Jitter::None })",
        ),
        (
            "retries = 1, backoff(max = \"50ms\", jitter = \"full\")",
            "retries: Some(1), backoff: Some(Backoff { initial: Duration::from_millis(50), max: Duration::from_millis(50), factor: 2.0, jitter: Jitter::Full })",
        ),
        (
            "timeout = \"7us\", deadline = 0.5",
            "timeout: Some(Duration::new(0u64, 7000u32)), deadline: Some(Duration::from_millis(500))",
        ),
        (
            "cache_ttl = 600",
            "cache: Some(CachePolicy { ttl: Some(Duration::from_secs(600)), tags: &[] })",
        ),
        (
            "cache_ttl = \"never\"",
            "cache: Some(CachePolicy { ttl: None, tags: &[] })",
        ),
        (
            "cache(tags = [\"a\"]), cache_ttl = 1",
            "cache: Some(CachePolicy { ttl: Some(Duration::from_secs(1)), tags: &[\"a\"] })",
        ),
        ("cache", "cache: Some(CachePolicy { ttl: None, tags: &[] })"),
        (
            "rate_limit = \"50/s\"",
            "rate_limit: Some(RateLimit { permits: 50, period: Duration::from_secs(1), burst: 1, name: None })",
        ),
        (
            "rate_limit(\"50/s\", weight = tokens, name = \"api\")",
            "rate_limit: Some(RateLimit { permits: 50, period: Duration::from_secs(1), burst: 50, name: Some(\"api\") })",
        ),
        (
            "concurrency(4, name = \"db\")",
            "concurrency: Some(Concurrency { max: 4, name: Some(\"db\") })",
        ),
        (
            "concurrency = 4",
            "concurrency: Some(Concurrency { max: 4, name: None })",
        ),
        (
            "breaker",
            "breaker: Some(BreakerPolicy { failure_threshold: 5, recovery_timeout: Duration::from_secs(60), half_open_max_calls: 1, name: None })",
        ),
        (
            "breaker = \"api\"",
            "breaker: Some(BreakerPolicy { failure_threshold: 5, recovery_timeout: Duration::from_secs(60), half_open_max_calls: 1, name: Some(\"api\") })",
        ),
        (
            "breaker(name = \"api\", failure_threshold = 2, recovery_timeout = \"5s\", half_open_max_calls = 3)",
            "breaker: Some(BreakerPolicy { failure_threshold: 2, recovery_timeout: Duration::from_secs(5), half_open_max_calls: 3, name: Some(\"api\") })",
        ),
        (
            "cache_ttl = 60, fallback = stale(max_age = \"1h\")",
            "cache: Some(CachePolicy { ttl: Some(Duration::from_secs(60)), tags: &[] }), fallback: Some(Fallback::Stale { max_age: Duration::from_secs(3600) })",
        ),
    ] {
        let (policies, errors) = read(options);
        assert_eq!(errors, [""; 0], "{options}");
        let found = policies.tokens().map(text::source).unwrap_or_default();
        let found = found
            .strip_prefix("Policies { ")
            .and_then(|rest| rest.strip_suffix(", ..Policies::NONE }"))
            .unwrap_or(&found);
        assert_eq!(found, expected, "{options}");
    }
}

#[test]
fn mistakes_say_the_way_out() {
    let no_retries = |what| {
        format!(
            "a `{what}` is for retries, and this step has none: add `retries = 3`, or remove it"
        )
    };
    for (options, expected) in [
        ("retries", "`retries` is written `retries = 3`".to_owned()),
        ("timeout(\"10s\")", "`timeout` is written `timeout = \"10s\"`".to_owned()),
        ("retries = 0, retry_if = f", no_retries("retry_if")),
        (
            "cache_ttl = 60, fallback(stale)",
            "`fallback` is written `fallback = stale(max_age = \"1h\")`".to_owned(),
        ),
        (
            "cache_ttl = 60, fallback = \"1h\"",
            "a fallback is written `fallback = stale(max_age = \"1h\")`".to_owned(),
        ),
        (
            "cache_ttl = 60, fallback = stale(\"1h\")",
            "how old a value may be has a name: `fallback = stale(max_age = \"1h\")`".to_owned(),
        ),
        ("backoff = \"1s..2s\"", no_retries("backoff")),
        (
            "retries = 1, backoff",
            "`backoff` is written `backoff = \"200ms..30s\"` or `backoff(initial = \"200ms\", max = \"30s\", factor = 2, jitter = \"equal\")`".to_owned(),
        ),
        (
            "retries = 1, backoff = \"2s..1s\"",
            "the first wait is longer than the longest: swap the two".to_owned(),
        ),
        (
            "retries = 1, backoff(\"1s..2s\", max = \"3s\")",
            "the waits are given twice: remove this, or the range".to_owned(),
        ),
        (
            "retries = 1, backoff(jitter = \"ful\")",
            "unknown jitter `ful`, did you mean `full`?".to_owned(),
        ),
        (
            "timeout = 2, deadline = 1",
            "this timeout of one attempt is longer than the deadline of all attempts together: shorten it, or remove one of the two".to_owned(),
        ),
        (
            "timeout = 0",
            "a timeout of zero fails every attempt: leave it out for no bound".to_owned(),
        ),
        (
            "cache_ttl = 1, cache(ttl = 2)",
            "the lifetime is given twice: remove `cache_ttl`, or the `ttl` in `cache(…)`".to_owned(),
        ),
        (
            "cache = \"10m\"",
            "`cache` takes a list: write `cache_ttl = \"10m\"`, or `cache(key = \"rates:{day}\", ttl = \"10m\")`".to_owned(),
        ),
        (
            "rate_limit(burst = 3)",
            "`rate_limit` is written `rate_limit = \"50/s\"` or `rate_limit(\"50/s\", burst = 10, name = \"api\", key = user, weight = tokens)`".to_owned(),
        ),
        (
            "rate_limit(\"5/s\", burst = 0)",
            "a burst of zero lets nothing through: write at least 1, or leave it out".to_owned(),
        ),
        (
            "concurrency = 0",
            "a limit of zero lets nothing start: write at least 1, or leave it out".to_owned(),
        ),
        (
            "breaker(failure_threshold = 0)",
            "a breaker that opens after no failure lets nothing through: write at least 1".to_owned(),
        ),
        ("breaker(\"a\", name = \"b\")", "the name is given twice: remove one of them".to_owned()),
        (
            "rate_limit(\"5/s\", wait = tokens)",
            "unknown `rate_limit` option `wait`: write `burst`, `name`, `key` or `weight`".to_owned(),
        ),
    ] {
        let (_, errors) = read(options);
        assert_eq!(errors, [expected], "{options}");
    }
}

#[test]
fn every_mistake_of_a_list_is_reported() {
    let (_, errors) = read(
        "retries = x, timeout = \"1 parsec\", backoff(factor = 0, jitter = 1), breaker(failure_threshold = 0, half_open_max_calls = 0)",
    );
    assert_eq!(errors.len(), 6, "{errors:#?}");
}

#[test]
fn overrides_may_lean_on_what_they_lie_over() {
    let mut errors = Errors::new();
    let policies = PolicyOptions {
        backoff: read("retries = 1, backoff = \"1s..2s\"").0.backoff,
        ..PolicyOptions::default()
    };
    policies.check(false, &mut errors);
    assert!(errors.into_list().is_empty());
}
