use orch::prelude::*;

#[step]
fn load() -> (u32, u32) {
    (1, 2)
}

workflow! {
    Flow() -> u32 {
        (low, high) = load();
        low + high
    }
}

fn main() {}
