use orch::prelude::*;

#[step]
fn charge(amount: u32) -> u32 {
    amount
}

workflow! {
    Flow(amount: u32) -> u32 {
        #[node(color = "red")]
        charged = charge(amount);
        charged
    }
}

fn main() {}
