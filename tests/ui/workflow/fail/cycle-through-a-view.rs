use orch::prelude::*;

#[step]
fn tax(gross: u32) -> u32 {
    gross / 5
}

workflow! {
    Flow(net: u32) -> u32 {
        gross = net + added;
        added = tax(gross);
        gross
    }
}

fn main() {}
