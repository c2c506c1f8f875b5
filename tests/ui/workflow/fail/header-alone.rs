use orch::prelude::*;

workflow! {
    Flow
}

fn main() {}
