use orch::prelude::*;

#[step(compensate = reserve)]
fn reserve(items: &[u32]) -> u32 {
    items.len() as u32
}

fn main() {}
