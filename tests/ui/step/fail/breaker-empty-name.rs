use orch::prelude::*;

#[step(breaker = "")]
async fn fetch() {}

fn main() {}
