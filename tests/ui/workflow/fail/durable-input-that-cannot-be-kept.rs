use orch::prelude::*;

pub struct Order {
    id: u32,
}

#[step]
fn ship(order: &Order, express: bool) -> u32 {
    order.id + u32::from(express)
}

workflow! {
    #[workflow(durable)]
    pub Flow(order: Order, express: bool) -> u32 {
        ship(&order, express)
    }
}

fn main() {}
