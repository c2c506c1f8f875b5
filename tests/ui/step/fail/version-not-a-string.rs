use orch::prelude::*;

#[step(version = 2)]
async fn fetch() {}

fn main() {}
