#![deny(warnings)]

use orch::prelude::*;

pub fn transient(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::TimedOut
}

#[step(
    retries = 3,
    backoff(initial = "200ms", max = "30s", factor = 2, jitter = "full"),
    retry_if = transient,
    timeout = "10s",
    deadline = "2m",
    cache(key = "page:{url}:{order.0}", ttl = "10m", tags = ["pages"]),
    rate_limit("50/s", burst = 10, name = "api", key = url, weight = order.1),
    concurrency(4, name = "db"),
    breaker(name = "api", failure_threshold = 5, recovery_timeout = "60s", half_open_max_calls = 1),
    version = "2",
    idempotent = true,
    name = "fetch-page",
)]
pub async fn fetch(url: &str, order: (u8, u64)) -> std::io::Result<Vec<u8>> {
    let _ = (url, order);
    Ok(vec![])
}

fn main() {}
