use orch::prelude::*;

pub struct Day {
    pub number: u8,
}

#[step(cache(key = "rates:{day.numer}"))]
async fn fetch(day: &Day) -> u8 {
    day.number
}

fn main() {}
