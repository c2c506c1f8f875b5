use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    #[node(name = "flow")]
    Flow() -> u32 {
        load()
    }
}

fn main() {}
