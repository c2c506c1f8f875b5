use orch::prelude::*;

workflow! {
    Flow(number: u32) -> u32
}

fn main() {}
