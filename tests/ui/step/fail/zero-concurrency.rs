use orch::prelude::*;

#[step(concurrency = 0)]
async fn fetch() {}

fn main() {}
