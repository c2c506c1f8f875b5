#![deny(unused_variables)]

use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

workflow! {
    pub Flow(page: u32) -> u32 {
        rows = load(page);
        more = rows + 1;
        rows
    }
}

fn main() {}
