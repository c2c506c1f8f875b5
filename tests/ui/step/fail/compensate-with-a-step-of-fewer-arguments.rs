use orch::prelude::*;

#[step]
fn release(_outcome: Outcome<&u32>) {}

#[step(compensate = release)]
fn reserve(items: &[u32], hold: bool) -> u32 {
    items.len() as u32 + u32::from(hold)
}

fn main() {}
