use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        rows = load();
        rows + 1;
        rows
    }
}

fn main() {}
