use orch::prelude::*;

#[step]
fn live() -> u32 {
    1
}

#[step]
fn stored() -> u32 {
    2
}

workflow! {
    Flow() -> u32 {
        rate = live().or_else(stored());
        rate
    }
}

fn main() {}
