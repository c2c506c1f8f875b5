use orch::prelude::*;

#[step(retries = 3, idempotent = false)]
async fn fetch() {}

fn main() {}
