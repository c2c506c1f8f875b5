use orch::prelude::*;

#[step]
fn release(_reserved: &u32, _items: &[u32]) {}

#[step(compensate = release)]
fn reserve(items: &[u32]) -> u32 {
    items.len() as u32
}

fn main() {}
