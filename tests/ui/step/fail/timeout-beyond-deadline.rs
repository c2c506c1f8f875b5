use orch::prelude::*;

#[step(timeout = "2m", deadline = "1m")]
async fn fetch() {}

fn main() {}
