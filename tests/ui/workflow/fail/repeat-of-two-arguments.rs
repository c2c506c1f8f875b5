use orch::prelude::*;

use std::ops::ControlFlow;

#[step]
fn turn(count: u32, step: u32) -> ControlFlow<u32, u32> {
    ControlFlow::Break(count + step)
}

workflow! {
    Flow() -> u32 {
        turn(0, 1).repeat(max = 5)
    }
}

fn main() {}
