use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    load_all() -> u32 {
        load()
    }
}

fn main() {}
