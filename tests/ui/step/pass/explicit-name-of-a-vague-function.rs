#![deny(warnings)]

use orch::prelude::*;

#[step(name = "fetch-rates")]
pub fn step1() {}

fn main() {}
