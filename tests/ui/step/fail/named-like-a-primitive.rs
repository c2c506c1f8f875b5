use orch::prelude::*;

#[step]
pub fn str() {}

fn main() {}
