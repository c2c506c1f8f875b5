use orch::prelude::*;

#[step(cache_ttl = "never", fallback = stale(max_age = "1h"))]
async fn rates(day: u32) -> Result<u32, std::io::Error> {
    Ok(day)
}

fn main() {}
