use orch::prelude::*;

#[step(cache(tag = ["a"]))]
async fn fetch() -> u8 {
    1
}

fn main() {}
