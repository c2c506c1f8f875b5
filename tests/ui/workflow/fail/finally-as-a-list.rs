use orch::prelude::*;

#[step]
fn unlock() {}

workflow! {
    Flow() -> u32 {
        #[node(finally(true))]
        unlock();
        1
    }
}

fn main() {}
