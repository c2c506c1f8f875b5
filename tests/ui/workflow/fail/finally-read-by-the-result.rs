use orch::prelude::*;

#[step]
fn unlock() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(finally)]
        unlocked = unlock();
        unlocked
    }
}

fn main() {}
