use orch::prelude::*;

#[step(checkpoint_after)]
fn review(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> u32 {
        #[node(transient)]
        review(n)
    }
}

fn main() {}
