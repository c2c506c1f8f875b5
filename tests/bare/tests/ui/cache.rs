use orch::prelude::*;

#[step(cache_ttl = 600)]
fn price(sku: u32) -> u32 {
    sku * 3
}

workflow! {
    Quote(sku: u32) -> u32 {
        price(sku)
    }
}

fn main() {}
