use orch::prelude::*;

use std::ops::ControlFlow;

#[step]
fn turn(count: u32) -> ControlFlow<u32, u32> {
    ControlFlow::Break(count)
}

workflow! {
    Flow() -> u32 {
        turn(0).repeat(max = 5, evry = "1s")
    }
}

fn main() {}
