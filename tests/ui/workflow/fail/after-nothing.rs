use orch::prelude::*;

#[step]
fn note() -> u32 {
    2
}

workflow! {
    Flow() -> u32 {
        #[node(after = [])]
        noted = note();
        noted
    }
}

fn main() {}
