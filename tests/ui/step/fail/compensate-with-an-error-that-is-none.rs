use orch::prelude::*;

pub struct Broken;

#[step]
fn release(_outcome: Outcome<&u32>, _items: &[u32]) -> Result<(), Broken> {
    Err(Broken)
}

#[step(compensate = release)]
fn reserve(items: &[u32]) -> u32 {
    items.len() as u32
}

fn main() {}
