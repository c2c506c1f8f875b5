use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    #[workflow(deadline = "5s")]
    Flow() -> u32 {
        #[node(timeout = "10s")]
        rows = load();
        rows
    }
}

fn main() {}
