use orch::prelude::*;

#[step(rate_limit(weight = tokens))]
async fn fetch(tokens: u32) -> u32 {
    tokens
}

fn main() {}
