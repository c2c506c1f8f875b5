use orch::prelude::*;

pub struct Rates;

#[step(cache_ttl = 600)]
async fn fetch(day: u8) -> Result<Rates, u8> {
    if day > 0 { Ok(Rates) } else { Err(day) }
}

fn main() {}
