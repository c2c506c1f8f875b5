use orch::prelude::*;

pub struct Day(pub u8);

#[step(cache_ttl = 600)]
async fn fetch(day: Day) -> u8 {
    day.0
}

fn main() {}
