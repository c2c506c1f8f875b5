use orch::prelude::*;

pub struct Order {
    pub items: Vec<u32>,
}

#[step]
fn sum(items: &[u32]) -> u32 {
    items.iter().sum()
}

workflow! {
    Flow(order: Order) -> u32 {
        sum(&order.itmes)
    }
}

fn main() {}
