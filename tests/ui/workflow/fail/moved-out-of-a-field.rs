use orch::prelude::*;

pub struct Order {
    pub card: String,
}

#[step]
fn charge(card: String) -> usize {
    card.len()
}

workflow! {
    Flow(order: Order) -> usize {
        charge(order.card)
    }
}

fn main() {}
