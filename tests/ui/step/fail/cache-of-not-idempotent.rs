use orch::prelude::*;

#[step(cache_ttl = 600, idempotent = false)]
async fn fetch() -> u8 {
    1
}

fn main() {}
