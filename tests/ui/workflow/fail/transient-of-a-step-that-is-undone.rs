use orch::prelude::*;

#[step]
fn release(_outcome: Outcome<&u32>, _n: u32) {}

#[step(compensate = release)]
fn reserve(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> u32 {
        #[node(transient)]
        reserve(n)
    }
}

fn main() {}
