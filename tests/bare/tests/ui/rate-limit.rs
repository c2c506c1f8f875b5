use orch::prelude::*;

#[step(rate_limit = "5/s")]
async fn fetch(sku: u32) -> u32 {
    sku
}

#[step]
async fn pay(amount: u32) -> u32 {
    amount
}

workflow! {
    Checkout(sku: u32) -> u32 {
        price = fetch(sku);
        #[node(rate_limit = "1/s")]
        paid = pay(price);
        paid
    }
}

fn main() {}
