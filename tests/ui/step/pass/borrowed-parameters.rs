#![deny(warnings)]

use orch::prelude::*;
use std::borrow::Cow;

#[step]
pub async fn count(
    text: &str,
    bytes: &[u8],
    list: &Vec<String>,
    both: (&str, &str),
    shared: Cow<'_, str>,
) -> usize {
    text.len() + bytes.len() + list.len() + both.0.len() + both.1.len() + shared.len()
}

#[step(cache_ttl = "1m")]
pub async fn sum(numbers: &[u64], label: &str, more: Option<&u64>, mut start: u64) -> u64 {
    start += label.len() as u64;
    start + numbers.iter().sum::<u64>() + more.copied().unwrap_or_default()
}

fn main() {}
