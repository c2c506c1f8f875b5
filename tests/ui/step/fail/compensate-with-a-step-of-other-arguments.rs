use orch::prelude::*;

#[step]
fn release(_outcome: Outcome<&u32>, _items: &[String]) {}

#[step(compensate = release)]
fn reserve(items: &[u32]) -> u32 {
    items.len() as u32
}

fn main() {}
