use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    Flow(n: u32) -> u32 {
        same::<u32>(n)
    }
}

fn main() {}
