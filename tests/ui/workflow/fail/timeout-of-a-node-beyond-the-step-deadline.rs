use orch::prelude::*;

#[step(deadline = "5s")]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(timeout = "10s")]
        rows = load();
        rows
    }
}

fn main() {}
