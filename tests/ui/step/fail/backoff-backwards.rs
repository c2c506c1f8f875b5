use orch::prelude::*;

#[step(retries = 3, backoff = "30s..1s")]
async fn fetch() {}

fn main() {}
