use orch::prelude::*;

workflow! {}

fn main() {}
