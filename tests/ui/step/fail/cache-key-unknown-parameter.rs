use orch::prelude::*;

#[step(cache(key = "rates:{dya}"))]
async fn fetch(day: u8) -> u8 {
    day
}

fn main() {}
