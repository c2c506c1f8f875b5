use orch::prelude::*;

#[step]
fn turn(count: u32) -> u32 {
    count + 1
}

workflow! {
    Flow() -> u32 {
        turn(0).repeat(max = 5)
    }
}

fn main() {}
