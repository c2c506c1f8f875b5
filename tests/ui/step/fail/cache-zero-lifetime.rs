use orch::prelude::*;

#[step(cache_ttl = 0)]
async fn fetch() -> u8 {
    1
}

fn main() {}
