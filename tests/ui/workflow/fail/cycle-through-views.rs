use orch::prelude::*;

workflow! {
    Flow(base: u32) -> u32 {
        net = gross - base;
        gross = net + base;
        gross
    }
}

fn main() {}
