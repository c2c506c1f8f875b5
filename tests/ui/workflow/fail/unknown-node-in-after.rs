use orch::prelude::*;

#[step]
fn reserve_stock() -> u32 {
    1
}

#[step]
fn charge(amount: u32) -> u32 {
    amount
}

workflow! {
    Flow(amount: u32) -> u32 {
        stock = reserve_stock();
        #[node(after = [stcok])]
        charged = charge(amount);
        charged + stock
    }
}

fn main() {}
