use orch::prelude::*;

#[step(cache(key = "release"))]
fn release(_outcome: Outcome<&u32>, _items: &[u32]) -> u32 {
    0
}

#[step(compensate = release)]
fn reserve(items: &[u32]) -> u32 {
    items.len() as u32
}

fn main() {}
