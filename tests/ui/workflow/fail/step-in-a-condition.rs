use orch::prelude::*;

#[step]
fn is_large(number: u32) -> bool {
    number > 3
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(number: u32) -> u32 {
        doubled = if number > 1 && is_large(number) { double(number) } else { double(1) };
        doubled
    }
}

fn main() {}
