use orch::prelude::*;

#[step]
#[step]
pub async fn fetch() {}

fn main() {}
