use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

workflow! {
    Flow(pages: Vec<u32>) -> Vec<u32> {
        for page in &pages {
            page = load(2);
            page
        }
    }
}

fn main() {}
