use orch::prelude::*;

#[step(cache_ttl = 600, cache(ttl = 700))]
async fn fetch() -> u8 {
    1
}

fn main() {}
