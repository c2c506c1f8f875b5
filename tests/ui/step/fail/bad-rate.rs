use orch::prelude::*;

#[step(rate_limit = "fast")]
async fn fetch() {}

fn main() {}
