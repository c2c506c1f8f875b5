use orch::prelude::*;

#[step]
pub fn fetch(#[resorce] pool: &String) -> usize {
    pool.len()
}

fn main() {}
