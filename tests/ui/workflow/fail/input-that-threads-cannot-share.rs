use orch::prelude::*;

use std::cell::Cell;

#[step]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

workflow! {
    Flow(number: Cell<u32>) -> u32 {
        one = add(number.get(), 1);
        two = add(number.get(), one);
        two
    }
}

fn main() {}
