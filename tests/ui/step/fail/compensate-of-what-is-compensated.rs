use orch::prelude::*;

#[step]
fn reserve_again(_outcome: Outcome<&()>, _first: Outcome<&u32>, _items: &[u32]) {}

#[step(compensate = reserve_again)]
fn release(_outcome: Outcome<&u32>, _items: &[u32]) {}

#[step(compensate = release)]
fn reserve(items: &[u32]) -> u32 {
    items.len() as u32
}

fn main() {}
