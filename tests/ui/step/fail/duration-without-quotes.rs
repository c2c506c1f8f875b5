use orch::prelude::*;

#[step(timeout = 10s)]
async fn fetch() {}

fn main() {}
