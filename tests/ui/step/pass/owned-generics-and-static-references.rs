#![deny(warnings)]

use orch::prelude::*;
use std::collections::HashMap;

#[step(cache_ttl = "1m")]
pub async fn index(
    words: Vec<Option<String>>,
    names: &'static [&'static str],
) -> HashMap<String, Vec<usize>> {
    let _ = (words, names);
    HashMap::new()
}

#[step]
pub fn label() -> &'static str {
    "label"
}

#[step]
pub fn handler() -> Result<fn(&str) -> &str, Box<dyn std::error::Error + Send + Sync>> {
    Ok(str::trim)
}

fn main() {}
