use orch::prelude::*;

#[step(retries = 3 timeout = "1s")]
async fn fetch() {}

fn main() {}
