use orch::prelude::*;

pub struct Rates;

#[step]
pub async fn fetch(day: u8) -> Result<Rtaes, String> {
    Err(day.to_string())
}

fn main() {}
