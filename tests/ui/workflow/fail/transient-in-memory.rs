use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    pub Flow(n: u32) -> u32 {
        #[node(transient)]
        same(n)
    }
}

fn main() {}
