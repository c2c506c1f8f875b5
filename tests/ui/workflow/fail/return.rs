use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        rows = load();
        return rows;
    }
}

fn main() {}
