use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(timeout = "ten seconds")]
        rows = load();
        rows
    }
}

fn main() {}
