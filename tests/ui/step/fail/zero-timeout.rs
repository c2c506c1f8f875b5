use orch::prelude::*;

#[step(timeout = 0)]
async fn fetch() {}

fn main() {}
