use orch::prelude::*;

#[step(deadline = "0s")]
async fn fetch() {}

fn main() {}
