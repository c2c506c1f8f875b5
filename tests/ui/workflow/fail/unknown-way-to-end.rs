use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    #[workflow(on_failure = stop)]
    Flow() -> u32 {
        load()
    }
}

fn main() {}
