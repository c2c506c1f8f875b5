use orch::prelude::*;

pub struct Order {
    pub total: u32,
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(order: Order) -> u32 {
        total = order.;
        two = double(total);
        three = double(order.total);
        two + three
    }
}

fn main() {}
