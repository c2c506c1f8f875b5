use orch::prelude::*;

#[step]
fn halve(number: u32) -> u32 {
    number / 2
}

workflow! {
    Flow(number: u32) -> u32 {
        half = halve(number);
        Flow::run(half)
    }
}

fn main() {}
