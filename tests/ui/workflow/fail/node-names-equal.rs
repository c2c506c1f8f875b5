use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(name = "load-rows")]
        rows = load();
        #[node(name = "load-rows")]
        more = load();
        rows + more
    }
}

fn main() {}
