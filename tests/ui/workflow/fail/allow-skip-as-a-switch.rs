use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> Option<u32> {
        #[node(allow_skip)]
        sent = same(n);
        sent
    }
}

fn main() {}
