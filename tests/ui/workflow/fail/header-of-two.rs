use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    One() -> u32 {
        load()
    }

    Two() -> u32 {
        load()
    }
}

fn main() {}
