use orch::prelude::*;

#[step(blocking)]
async fn fetch() {}

fn main() {}
