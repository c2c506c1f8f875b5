use orch::prelude::*;

#[step(rate_limit("5/s", burst = 0))]
async fn fetch() {}

fn main() {}
