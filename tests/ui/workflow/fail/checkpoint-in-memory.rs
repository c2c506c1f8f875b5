use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    pub Flow(n: u32) -> u32 {
        #[node(checkpoint_after)]
        same(n)
    }
}

fn main() {}
