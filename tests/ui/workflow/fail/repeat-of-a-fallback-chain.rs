use orch::prelude::*;

use std::io::Error;

#[step]
fn turn(count: u32) -> Result<ControlFlow<u32, u32>, Error> {
    Ok(if count > 3 { ControlFlow::Break(count) } else { ControlFlow::Continue(count + 1) })
}

#[step]
fn other(count: u32) -> ControlFlow<u32, u32> {
    ControlFlow::Break(count)
}

workflow! {
    Flow(count: u32) -> u32 {
        turn(count).or_else(other(count)).repeat(max = 3)
    }
}

fn main() {}
