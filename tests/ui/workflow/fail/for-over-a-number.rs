use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(count: u32) -> Vec<u32> {
        for number in count { double(number) }
    }
}

fn main() {}
