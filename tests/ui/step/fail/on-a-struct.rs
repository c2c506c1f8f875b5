use orch::prelude::*;

#[step]
pub struct Fetch;

fn main() {}
