use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        let mut rows: u32 = load();
        rows
    }
}

fn main() {}
