use orch::prelude::*;

pub enum Shipping {
    Post,
    Courier,
    Drone,
}

#[step]
fn cost(base: u32) -> u32 {
    base
}

workflow! {
    Flow(shipping: Shipping) -> u32 {
        match shipping {
            Shipping::Post => cost(4),
            Shipping::Courier => cost(12),
        }
    }
}

fn main() {}
