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
fn load() -> Result<u32, Error> {
    Ok(1)
}

workflow! {
    Flow(count: u32) -> u32 {
        load().or_else(turn(count).repeat(max = 3))
    }
}

fn main() {}
