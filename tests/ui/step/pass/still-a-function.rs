#![deny(warnings)]

use orch::prelude::*;

#[step(retries = 3)]
pub fn double(number: u64) -> u64 {
    number * 2
}

pub const DOUBLED: fn(u64) -> u64 = double;

fn main() {
    assert_eq!(double(2) + [1, 2].map(double)[1], 8);
}
