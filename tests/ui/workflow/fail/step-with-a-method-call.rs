use orch::prelude::*;

#[step]
fn load() -> Vec<u32> {
    vec![1]
}

workflow! {
    Flow() -> usize {
        count = load().len();
        count
    }
}

fn main() {}
