use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(numbers: Vec<u32>) -> Vec<u32> {
        for (first, _) in &numbers { double(*first) }
    }
}

fn main() {}
