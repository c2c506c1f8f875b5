use orch::prelude::*;

#[step(retries = 3, backoff(jitter = "ful"))]
async fn fetch() {}

fn main() {}
