use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

workflow! {
    Flow(pages: Vec<u32>) -> Vec<u32> {
        for page in &pages {
            rows = load(*page);
            if rows > 3 { break }
            rows
        }
    }
}

fn main() {}
