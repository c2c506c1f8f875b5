use orch::prelude::*;

#[step(cache_ttl = "10m", fallback = stale(max_age = "1h"))]
async fn rates(day: u32) -> u32 {
    day
}

fn main() {}
