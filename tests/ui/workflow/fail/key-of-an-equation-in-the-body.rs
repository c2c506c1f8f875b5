use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> Vec<u32> {
        #[node(key = packed)]
        for i in 0..n {
            packed = same(i);
            same(packed)
        }
    }
}

fn main() {}
