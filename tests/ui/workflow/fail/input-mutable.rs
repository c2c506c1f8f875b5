use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(mut number: u32) -> u32 {
        double(number)
    }
}

fn main() {}
