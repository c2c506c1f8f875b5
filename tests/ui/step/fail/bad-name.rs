use orch::prelude::*;

#[step(name = "Review SQL")]
async fn fetch() {}

fn main() {}
