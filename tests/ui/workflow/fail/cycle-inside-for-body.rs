use orch::prelude::*;

#[step]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

workflow! {
    Flow(parts: Vec<u32>) -> Vec<u32> {
        for part in &parts {
            one = add(*part, two);
            two = add(*part, one);
            two
        }
    }
}

fn main() {}
