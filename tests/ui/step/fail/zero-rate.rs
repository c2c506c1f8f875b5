use orch::prelude::*;

#[step(rate_limit = "0/s")]
async fn fetch() {}

fn main() {}
