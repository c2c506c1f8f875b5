#![deny(warnings)]

use orch::prelude::*;

#[step]
pub async fn fetch(day: u8) -> u8 {
    day
}

#[step]
pub fn price(day: u8) -> u8 {
    day
}

fn main() {}
