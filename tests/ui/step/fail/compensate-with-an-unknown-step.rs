use orch::prelude::*;

#[step]
fn release(_outcome: Outcome<&u32>, _items: &[u32]) {}

#[step(compensate = relase)]
fn reserve(items: &[u32]) -> u32 {
    items.len() as u32
}

fn main() {}
