use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(numbers: Vec<u32>) -> u32 {
        doubled = for number in &numbers {
            first = ;
            second = double(*number);
            second + first
        };
        three = double(3);
        three + doubled.len() as u32
    }
}

fn main() {}
