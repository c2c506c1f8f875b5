use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

workflow! {
    Flow() -> u32 {
        rows = load(1);
        rows = load(2);
        rows
    }
}

fn main() {}
