use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> u32 {
        #[node(allow_skip = "nothing is sent")]
        sent = same(n);
        same(sent)
    }
}

fn main() {}
