use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(numbers: Vec<u32>) -> Vec<u32> {
        doubled = numbers.iter().map(|number| double(*number)).collect::<Vec<_>>();
        doubled.clone()
    }
}

fn main() {}
