use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

#[step]
fn look(_sent: Outcome<&u32>) -> u32 {
    1
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> u32 {
        #[node(allow_skip = "nothing is sent")]
        sent = same(n).outcome();
        look(sent)
    }
}

fn main() {}
