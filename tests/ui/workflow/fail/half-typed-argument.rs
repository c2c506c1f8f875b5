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
        two = double(order.);
        three = double(order.total);
        two + three
    }
}

fn main() {}
