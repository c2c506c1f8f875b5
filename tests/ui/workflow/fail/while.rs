use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

workflow! {
    Flow(pages: u32) -> u32 {
        while pages > 0 {
            load(pages);
        }
        pages
    }
}

fn main() {}
