use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(rate_limit = "50")]
        rows = load();
        rows
    }
}

fn main() {}
