use orch::prelude::*;

#[step(retries)]
async fn fetch() {}

fn main() {}
