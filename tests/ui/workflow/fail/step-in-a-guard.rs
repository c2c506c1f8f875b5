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
        match number {
            other if is_large(other) => double(other),
            other => double(other + 1),
        }
    }
}

fn main() {}
