use orch::prelude::*;

#[step]
pub fn fetch(#[resource(pool)] pool: &String) -> usize {
    pool.len()
}

fn main() {}
