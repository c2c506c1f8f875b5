use orch::prelude::*;

#[step(rate_limit = "4000000000/s")]
async fn fetch() {}

fn main() {}
