use orch::prelude::*;

use std::rc::Rc;

#[step]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

workflow! {
    Flow(number: Rc<u32>) -> u32 {
        one = add(*number, 1);
        one
    }
}

fn main() {}
