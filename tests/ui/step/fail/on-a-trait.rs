use orch::prelude::*;

#[step]
pub trait Fetch {}

fn main() {}
