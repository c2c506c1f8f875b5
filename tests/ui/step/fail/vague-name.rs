#![deny(warnings)]

use orch::prelude::*;

#[step]
pub async fn step1() {}

fn main() {}
