use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    #[workflow(version = 1.2)]
    Flow() -> u32 {
        load()
    }
}

fn main() {}
