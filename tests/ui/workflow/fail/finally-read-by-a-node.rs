use orch::prelude::*;

#[step]
fn unlock() -> u32 {
    1
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow() -> u32 {
        #[node(finally)]
        unlocked = unlock();
        double(unlocked)
    }
}

fn main() {}
