use orch::prelude::*;

#[step(retries = 3, backoff(factor = 0.5))]
async fn fetch() {}

fn main() {}
