use orch::prelude::*;

#[step]
fn today() -> u32 {
    7
}

workflow! {
    Flow(number: u32) -> u32 {
        today(number)
    }
}

fn main() {}
