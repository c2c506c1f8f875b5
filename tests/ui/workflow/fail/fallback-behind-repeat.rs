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

#[step]
fn give_up() -> u32 {
    0
}

workflow! {
    Flow(count: u32) -> u32 {
        turn(count).repeat(max = 3).or_else(give_up())
    }
}

fn main() {}
