use orch::prelude::*;

#[step(retries = 3, timeout = "1s", retries = 4)]
async fn fetch() {}

fn main() {}
