use orch::prelude::*;

pub struct Order(u32);

#[step]
fn order() -> Order {
    Order(1)
}

#[step]
fn release(_outcome: Outcome<&u32>, _order: Order) {}

#[step(compensate = release)]
fn reserve(order: Order) -> u32 {
    order.0
}

workflow! {
    pub Flow() -> u32 {
        order = order();
        reserve(order)
    }
}

fn main() {}
