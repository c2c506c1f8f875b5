use orch::prelude::*;

#[step(idempotent = false)]
fn charge(amount: u32) -> u32 {
    amount
}

workflow! {
    Flow(amount: u32) -> u32 {
        #[node(cache_ttl = 60)]
        charged = charge(amount);
        charged
    }
}

fn main() {}
