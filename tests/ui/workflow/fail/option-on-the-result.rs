use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        rows = load();
        #[node(name = "sum")]
        rows + 1
    }
}

fn main() {}
