use orch::prelude::*;

#[step(retires = 3)]
async fn fetch() {}

fn main() {}
