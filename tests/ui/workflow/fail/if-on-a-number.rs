use orch::prelude::*;

#[step]
fn cost(base: u32) -> u32 {
    base
}

workflow! {
    Flow(express: u32) -> u32 {
        if express { cost(4) } else { cost(12) }
    }
}

fn main() {}
