#![deny(unused_variables)]

use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

workflow! {
    pub Flow(pages: Vec<u32>) -> Vec<u32> {
        for page in &pages {
            rows = load(*page);
            more = load(*page);
            rows
        }
    }
}

fn main() {}
