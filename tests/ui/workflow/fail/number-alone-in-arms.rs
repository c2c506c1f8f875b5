use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(n: u32) -> u32 {
        doubled = double(n);
        bonus = if n > 1 { 1 } else { -1 };
        doubled + bonus
    }
}

fn main() {}
