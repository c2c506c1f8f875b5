use orch::prelude::*;

#[step(idempotent = false)]
fn charge(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> u32 {
        #[node(transient)]
        charge(n)
    }
}

fn main() {}
