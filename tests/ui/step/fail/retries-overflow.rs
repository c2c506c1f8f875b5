use orch::prelude::*;

#[step(retries = 5000000000)]
async fn fetch() {}

fn main() {}
