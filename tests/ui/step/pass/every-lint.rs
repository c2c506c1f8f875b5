#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    missing_copy_implementations
)]
#![deny(
    unreachable_pub,
    unused,
    unused_results,
    unused_qualifications,
    unused_lifetimes
)]
#![deny(
    single_use_lifetimes,
    elided_lifetimes_in_paths,
    let_underscore_drop,
    trivial_casts
)]
#![deny(
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    future_incompatible
)]
#![deny(
    unnameable_types,
    redundant_lifetimes,
    variant_size_differences,
    non_ascii_idents
)]
#![forbid(nonstandard_style, unsafe_code)]

//! Steps under every lint.

use orch::prelude::*;

/// Whether to try again.
#[must_use]
pub fn transient(_: &String) -> bool {
    true
}

/// Fetches.
#[step(retries = 3, retry_if = transient, cache(key = "{day}", tags = ["a"]), rate_limit("5/s", weight = day))]
pub async fn fetch(
    day: u8,
    #[resource] client: &String,
    #[ctx] ctx: &StepCtx,
) -> Result<u8, String> {
    let _: (&String, &StepCtx) = (client, ctx);
    Ok(day)
}

/// Prices.
#[step(
    retries = 1, backoff = "1s..2s", timeout = "1s", deadline = "1m", cache, rate_limit("5/s", key = text, weight = day),
    concurrency = 1, breaker
)]
pub fn price(text: &str, day: u8) -> usize {
    text.len() + usize::from(day)
}

/// Crunches.
#[step(blocking)]
pub fn crunch(numbers: Vec<u64>) -> u64 {
    numbers.into_iter().sum()
}

fn main() {}
