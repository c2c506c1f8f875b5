use orch::prelude::*;

#[step(timeout = "10")]
async fn fetch() {}

fn main() {}
