use orch::prelude::*;

#[step(breaker(failure_threshold = 0))]
async fn fetch() {}

fn main() {}
