use orch::prelude::*;

#[step(timeout = "10 parsecs")]
async fn fetch() {}

fn main() {}
