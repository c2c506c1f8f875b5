use orch::prelude::*;

#[step]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

workflow! {
    Flow(number: u32, number: u32) -> u32 {
        add(number, number)
    }
}

fn main() {}
