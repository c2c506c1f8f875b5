use orch::prelude::*;

#[step]
fn price(order: &str) -> u32 {
    order.len() as u32
}

#[step]
fn charge(quote: &u32) -> u32 {
    *quote
}

workflow! {
    Flow(order: String) -> u32 {
        quote = price(&order);
        charge(&qoute)
    }
}

fn main() {}
