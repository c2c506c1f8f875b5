use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(number: u32) -> u32 {
        two = double(number);
        thr
    }
}

fn main() {}
