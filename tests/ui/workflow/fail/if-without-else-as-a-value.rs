use orch::prelude::*;

#[step]
fn cost(base: u32) -> u32 {
    base
}

#[step]
fn double(cost: u32) -> u32 {
    cost * 2
}

workflow! {
    Flow(express: bool) -> u32 {
        extra = if express { cost(4) };
        double(extra)
    }
}

fn main() {}
