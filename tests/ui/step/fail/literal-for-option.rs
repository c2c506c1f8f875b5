use orch::prelude::*;

#[step("fetch")]
async fn fetch() {}

fn main() {}
