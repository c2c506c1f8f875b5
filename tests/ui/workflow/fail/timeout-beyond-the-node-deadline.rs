use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(timeout = "10s", deadline = "5s")]
        rows = load();
        rows
    }
}

fn main() {}
