use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

#[step]
fn undo(_outcome: Outcome<&u32>, _n: u32) {}

workflow! {
    pub Flow(n: u32) -> u32 {
        #[node(compensate = undo)]
        same(n)
    }
}

fn main() {}
