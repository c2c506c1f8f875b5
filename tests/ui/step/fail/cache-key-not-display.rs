use orch::prelude::*;

pub struct Day(pub u8);

#[step(cache(key = "rates:{day}"))]
async fn fetch(day: &Day) -> u8 {
    day.0
}

fn main() {}
