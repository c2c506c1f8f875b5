use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    #[workflow]
    Flow() -> u32 {
        load()
    }
}

fn main() {}
