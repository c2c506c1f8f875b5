use orch::prelude::*;

#[step]
fn price(order: &str) -> u32 {
    order.len() as u32
}

workflow! {
    Flow(order: String) -> u32 {
        quote = price(&order);
        quote + ordr
    }
}

fn main() {}
