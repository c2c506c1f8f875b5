use orch::prelude::*;

#[step(cache_ttl = "10m", fallback = stale)]
async fn rates(day: u32) -> Result<u32, std::io::Error> {
    Ok(day)
}

fn main() {}
