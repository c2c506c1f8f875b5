use orch::prelude::*;

#[step]
async fn release(reserved: Outcome<&u32>, sku: u32) {
    let _ = (reserved, sku);
}

#[step(compensate = release)]
async fn reserve(sku: u32) -> u32 {
    sku
}

workflow! {
    Checkout(sku: u32) -> u32 {
        reserve(sku)
    }
}

fn main() {}
