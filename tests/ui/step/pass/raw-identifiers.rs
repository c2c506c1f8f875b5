#![deny(warnings)]

use orch::prelude::*;

#[step(cache(key = "{type}"))]
pub async fn r#match(r#type: u8) -> u8 {
    r#type
}

#[step(rate_limit("5/s", key = r#fn))]
pub fn r#loop(r#fn: &str) -> usize {
    r#fn.len()
}

fn main() {}
