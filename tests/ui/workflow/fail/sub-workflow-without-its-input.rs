use orch::prelude::*;

#[step]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

workflow! {
    Inner(left: u32, right: u32) -> u32 {
        add(left, right)
    }
}

workflow! {
    Flow(number: u32) -> u32 {
        Inner::run(number)
    }
}

fn main() {}
