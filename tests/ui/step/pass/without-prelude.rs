#![no_implicit_prelude]
#![deny(warnings)]

use ::std::prelude::v1::{Ok, Result, String};

#[::orch::step(retries = 3, cache(ttl = "10m"), rate_limit("5/s", key = day), timeout = "1s")]
pub async fn fetch(day: u8, #[resource] client: &String) -> Result<u8, String> {
    let _ = client;
    Ok(day)
}

#[::orch::step(blocking)]
pub fn crunch(number: u8) -> u8 {
    number
}

fn main() {}
