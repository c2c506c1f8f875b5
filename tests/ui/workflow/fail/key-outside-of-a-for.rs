use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> u32 {
        #[node(key = n)]
        same(n)
    }
}

fn main() {}
