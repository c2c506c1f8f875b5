use orch::prelude::*;

#[step]
pub fn fetch(#[resource] pool: String) -> usize {
    pool.len()
}

fn main() {}
