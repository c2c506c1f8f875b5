use orch::prelude::*;

#[step(timeout = "10s")]
fn load() -> u32 {
    1
}

workflow! {
    #[workflow(deadline = "5s")]
    Flow() -> u32 {
        rows = load();
        rows
    }
}

fn main() {}
