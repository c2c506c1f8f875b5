use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(name = "Load Rows")]
        rows = load();
        rows
    }
}

fn main() {}
