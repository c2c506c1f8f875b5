use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Inner(number: u32) -> u32 {
        double(number)
    }
}

workflow! {
    Flow(number: u32) -> u32 {
        doubled = Inner(number);
        doubled
    }
}

fn main() {}
