#![deny(warnings)]

use orch::prelude::*;

#[step()]
pub fn fetch() {}

fn main() {}
