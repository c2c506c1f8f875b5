use orch::prelude::*;

#[step(backoff = "1s..30s")]
async fn fetch() {}

fn main() {}
