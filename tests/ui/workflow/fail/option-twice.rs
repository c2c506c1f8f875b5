use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(timeout = "1s", timeout = "2s")]
        rows = load();
        rows
    }
}

fn main() {}
