use orch::prelude::*;

#[step(cache_ttl = 600)]
async fn fetch() {}

fn main() {}
