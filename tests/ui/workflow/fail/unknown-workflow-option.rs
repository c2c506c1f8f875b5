use orch::prelude::*;

#[step]
fn charge(amount: u32) -> u32 {
    amount
}

workflow! {
    #[workflow(verison = "1.0")]
    Flow(amount: u32) -> u32 {
        charge(amount)
    }
}

fn main() {}
