use orch::prelude::*;

#[step]
fn today() -> u32 {
    7
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow() -> u32 {
        day = today;
        double(day)
    }
}

fn main() {}
