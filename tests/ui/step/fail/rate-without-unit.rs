use orch::prelude::*;

#[step(rate_limit = 50)]
async fn fetch() {}

fn main() {}
