use orch::prelude::*;

#[step(deadline = "99999999d")]
async fn fetch() {}

fn main() {}
