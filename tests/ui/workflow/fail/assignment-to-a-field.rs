use orch::prelude::*;

#[derive(Clone)]
pub struct Order {
    pub total: u32,
}

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow(order: Order) -> u32 {
        order.total = load();
        order.total
    }
}

fn main() {}
