use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

workflow! {
    Flow(page: u32) -> u32 {
        page = load(2);
        page
    }
}

fn main() {}
