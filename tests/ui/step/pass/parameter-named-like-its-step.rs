#![deny(warnings)]

use orch::prelude::*;

#[step]
pub fn order(order: u8) -> u8 {
    order
}

#[step(cache_ttl = 1, rate_limit("5/s", key = e, weight = o))]
pub fn e(e: u8, o: u8, s: u8, output: u8, shared: u8) -> u8 {
    e + o + s + output + shared
}

fn main() {}
