#![deny(unused_variables)]

use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    pub Flow(pages: Vec<u32>) -> Vec<u32> {
        for page in &pages { load() }
    }
}

fn main() {}
