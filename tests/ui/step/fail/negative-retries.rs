use orch::prelude::*;

#[step(retries = -1)]
async fn fetch() {}

fn main() {}
