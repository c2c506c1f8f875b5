use orch::prelude::*;

#[step(idempotent = "no")]
async fn fetch() {}

fn main() {}
