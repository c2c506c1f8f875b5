use orch::prelude::*;

#[step]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

workflow! {
    Flow(start: u32) -> u32 {
        one = add(start, two);
        two = add(start, one);
        two
    }
}

fn main() {}
