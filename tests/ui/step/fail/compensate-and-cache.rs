use orch::prelude::*;

#[step]
fn release(_outcome: Outcome<&u32>, _items: &[u32]) {}

#[step(cache_ttl = "10m", compensate = release)]
fn reserve(items: &[u32]) -> u32 {
    items.len() as u32
}

fn main() {}
