use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> Result<u32> {
        load()
    }
}

fn main() {}
