use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(name = "größe")]
        rows = load();
        rows
    }
}

fn main() {}
