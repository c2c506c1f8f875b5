use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    #[workflow(deadline = 0)]
    Flow() -> u32 {
        load()
    }
}

fn main() {}
