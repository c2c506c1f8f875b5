use orch::prelude::*;

use std::ops::ControlFlow;

#[step]
fn turn(count: u32) -> ControlFlow<u32, String> {
    if count > 3 { ControlFlow::Break(count) } else { ControlFlow::Continue(String::new()) }
}

workflow! {
    Flow() -> u32 {
        turn(0).repeat(max = 5)
    }
}

fn main() {}
