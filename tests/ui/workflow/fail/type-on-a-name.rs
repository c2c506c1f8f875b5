use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        rows: u32 = load();
        rows
    }
}

fn main() {}
