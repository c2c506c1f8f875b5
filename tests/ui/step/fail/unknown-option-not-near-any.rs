use orch::prelude::*;

#[step(color = "red")]
async fn fetch() {}

fn main() {}
