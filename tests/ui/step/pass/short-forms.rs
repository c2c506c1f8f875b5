#![deny(warnings)]

use orch::prelude::*;

#[step(
    retries = 1,
    backoff = "1s..1m",
    timeout = 0.5,
    cache_ttl = 600,
    rate_limit = "100/min",
    concurrency = 2,
    breaker
)]
pub async fn fetch(day: u8) -> u8 {
    day
}

#[step(cache_ttl = "never", breaker = "api", deadline = "1h30m")]
pub async fn refetch(day: u8) -> u8 {
    day
}

#[step(cache)]
pub fn constant() -> u8 {
    1
}

fn main() {}
