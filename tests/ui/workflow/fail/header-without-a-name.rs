use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    pub () -> u32 {
        load()
    }
}

fn main() {}
