use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow(&self) -> u32 {
        load()
    }
}

fn main() {}
