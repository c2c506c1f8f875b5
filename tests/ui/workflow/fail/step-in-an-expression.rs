use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        more = load() + 1;
        more
    }
}

fn main() {}
