use orch::prelude::*;

#[step(retries = 3)]
pub async fn fetch(day: u8) -> u8 {
    day.to_string()
}

fn main() {}
